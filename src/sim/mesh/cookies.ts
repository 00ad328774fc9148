import type { Headers } from "./istio.ts";

/** One Set-Cookie as a browser keeps it (RFC 6265, section 5.3). */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  /** The cookie goes with requests to this path and below. */
  readonly path: string;
  readonly secure: boolean;
  /** null: as long as the client lives; 0 or less: the cookie is taken away. */
  readonly maxAgeMs: number | null;
}

const SET_COOKIE = "set-cookie";

/**
 * The Set-Cookie headers that a route adds to answers, Envoy's own included. Among several destinations Envoy applies
 * the operations of the chosen one before the route's; istiod joins those of a lone one to the route's. Whoever's they
 * are, headers are removed before any are set and added.
 */
export function cookiesOf(
  route: Headers | undefined,
  destination?: Headers | undefined,
  isLone = false,
): readonly string[] {
  const own = operationsOn(destination);
  const shared = operationsOn(route);
  const edits = isLone ? [joined(shared, own)] : [own, shared];
  let cookies: readonly string[] = [];
  for (const { removes, puts } of edits) {
    if (removes) cookies = [];
    for (const { value, replaces } of puts) cookies = replaces ? [value] : [...cookies, value];
  }
  return cookies;
}

interface Edit {
  readonly removes: boolean;
  readonly puts: readonly { readonly value: string; readonly replaces: boolean }[];
}

function operationsOn(headers: Headers | undefined): Edit {
  const { remove = [], set = {}, add = {} } = headers?.response ?? {};
  const puts = [
    { value: setCookieIn(set), replaces: true },
    { value: setCookieIn(add), replaces: false },
  ];
  return {
    removes: remove.some(isSetCookie),
    puts: puts.filter((put): put is Edit["puts"][number] => put.value !== null),
  };
}

function joined(first: Edit, second: Edit): Edit {
  return { removes: first.removes || second.removes, puts: [...first.puts, ...second.puts] };
}

function setCookieIn(headers: Readonly<Record<string, string>>): string | null {
  const name = Object.keys(headers).find(isSetCookie);
  return name === undefined ? null : (headers[name] ?? null);
}

function isSetCookie(name: string): boolean {
  return name.toLowerCase() === SET_COOKIE;
}

/** null for what no browser takes: no name. `requestPath` and `now` give the defaults and the time of `Expires`. */
export function parseSetCookie(text: string, requestPath: string, now: number): Cookie | null {
  const [pair = "", ...attributes] = text.split(";");
  const mark = pair.indexOf("=");
  const name = pair.slice(0, mark).trim();
  if (mark < 0 || name === "") return null;
  const said = new Map(
    attributes.map((attribute) => {
      const [key = "", ...value] = attribute.split("=");
      return [key.trim().toLowerCase(), value.join("=").trim()];
    }),
  );
  const path = said.get("path");
  return {
    name,
    value: pair.slice(mark + 1).trim(),
    path: path?.startsWith("/") === true ? path : defaultPath(requestPath),
    secure: said.has("secure"),
    maxAgeMs: maxAgeMs(said, now),
  };
}

/** Max-Age wins over Expires. */
function maxAgeMs(attributes: ReadonlyMap<string, string>, now: number): number | null {
  const seconds = attributes.get("max-age");
  if (seconds !== undefined && /^-?\d+$/.test(seconds)) return Number(seconds) * 1_000;
  const expires = Date.parse(attributes.get("expires") ?? "");
  return Number.isNaN(expires) ? null : expires - now;
}

/** RFC 6265, section 5.1.4: the directory of the request's path. */
function defaultPath(requestPath: string): string {
  const path = requestPath.split("?", 1)[0] ?? "/";
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}

/** RFC 6265, section 5.1.4: the same path, or below it. */
export function isUnder(requestPath: string, cookiePath: string): boolean {
  const path = requestPath.split("?", 1)[0] ?? "/";
  if (path === cookiePath) return true;
  return path.startsWith(cookiePath.endsWith("/") ? cookiePath : `${cookiePath}/`);
}
