import type { HeaderOperations, HttpMatchRequest, HttpRoute } from "./istio.ts";
import type { RequestShape } from "./match.ts";

/** A request as its pod sees it. */
export interface SeenRequest {
  /** With its query string. */
  readonly path: string;
  readonly authority: string;
}

/** After `rewrite`, and a Host header that the route sets. `block` is the condition that took the request. */
export function rewritten(route: HttpRoute, block: HttpMatchRequest, request: RequestShape): SeenRequest {
  const { rewrite = {}, headers } = route;
  const authority = rewrite.authority ?? hostSetBy(headers?.request) ?? request.authority;
  const mark = request.path.indexOf("?");
  const path = mark < 0 ? request.path : request.path.slice(0, mark);
  const query = mark < 0 ? "" : request.path.slice(mark);
  return { authority, path: `${rewrittenPath(rewrite, block, path)}${query}` };
}

/** Envoy marks the host of a mirrored request. */
export function shadowOf({ path, authority }: SeenRequest): SeenRequest {
  const [host = "", port] = authority.split(":");
  return { path, authority: `${host}-shadow${port === undefined ? "" : `:${port}`}` };
}

/** Envoy puts the new path in the place of the prefix that matched; of a path that matched as a whole, in its own. */
function rewrittenPath(
  { uri, uriRegexRewrite }: NonNullable<HttpRoute["rewrite"]>,
  { uri: condition }: HttpMatchRequest,
  path: string,
): string {
  if (uriRegexRewrite !== undefined) {
    return substituted(path, uriRegexRewrite.match ?? "", uriRegexRewrite.rewrite ?? "");
  }
  if (uri === undefined || uri === "") return path;
  if (condition?.exact !== undefined || condition?.regex !== undefined) return uri;
  return `${uri}${path.slice((condition?.prefix ?? "/").length)}`;
}

/** RE2's replacement of all matches, with \\1 for groups. Istio refuses patterns that do not compile. */
function substituted(path: string, pattern: string, replacement: string): string {
  const text = replacement.replaceAll("$", "$$$$").replace(/\\(\d)/g, "$$$1");
  try {
    return path.replace(new RegExp(pattern, "gu"), text);
  } catch {
    return path;
  }
}

function hostSetBy({ set = {}, add = {} }: HeaderOperations = {}): string | undefined {
  for (const headers of [set, add]) {
    const name = Object.keys(headers).find((key) => /^(:authority|host)$/i.test(key));
    if (name !== undefined) return headers[name];
  }
  return undefined;
}
