import type { HttpMatchRequest, StringMatch } from "./istio.ts";

/** The request comes from outside, through whatever gateway serves its host. */
export const ANY_GATEWAY = "*";

/** One kind of request that a traffic source sends, as a proxy sees it. */
export interface RequestShape {
  readonly method: string;
  /** Path with its query string. */
  readonly path: string;
  /** The Host header. */
  readonly authority: string;
  readonly scheme: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Port that the client asks for. */
  readonly port: number;
  /** `mesh`, `namespace/name` of the gateway that it comes through, or ANY_GATEWAY. */
  readonly gateway: string;
  readonly source: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
}

const NO_CONDITION: HttpMatchRequest = {};

/** Istio's rule: the first of the blocks of which all conditions hold; null when none does. No block takes everything. */
export function matchingBlock(
  blocks: readonly HttpMatchRequest[] | undefined,
  request: RequestShape,
  namespace: string,
): HttpMatchRequest | null {
  if (blocks === undefined || blocks.length === 0) return NO_CONDITION;
  return blocks.find((block) => matches(block, request, namespace)) ?? null;
}

/** `namespace` is that of the VirtualService: names of gateways are relative to it. */
export function matches(block: HttpMatchRequest, request: RequestShape, namespace: string): boolean {
  return CONDITIONS.every((condition) => condition(block, request, namespace));
}

type Condition = (block: HttpMatchRequest, request: RequestShape, namespace: string) => boolean;

const CONDITIONS: readonly Condition[] = [
  ({ uri, ignoreUriCase }, { path }) => isText(uri, pathOf(path), ignoreUriCase === true),
  ({ scheme }, request) => isText(scheme, request.scheme),
  ({ method }, request) => isText(method, request.method),
  ({ authority }, request) => isText(authority, request.authority),
  ({ headers }, request) =>
    Object.entries(headers ?? {}).every(([name, match]) => hasValue(match, headerOf(request, name))),
  ({ withoutHeaders }, request) =>
    Object.entries(withoutHeaders ?? {}).every(([name, match]) => !hasValue(match, headerOf(request, name))),
  ({ queryParams }, { path }) => {
    const query = new URLSearchParams(queryOf(path));
    return Object.entries(queryParams ?? {}).every(([name, match]) => hasValue(match, query.get(name)));
  },
  ({ port }, request) => port === undefined || port === request.port,
  (block, request, namespace) => {
    // As istiod has it: where gateways are named, nothing else about the source counts.
    if ((block.gateways ?? []).length > 0) {
      return servesGateway(block.gateways ?? [], request.gateway, namespace);
    }
    return comesFrom(block, request.source);
  },
];

export interface SourceMatch {
  readonly sourceLabels?: Readonly<Record<string, string>>;
  readonly sourceNamespace?: string;
}

export function comesFrom(
  { sourceLabels = {}, sourceNamespace = "" }: SourceMatch,
  source: RequestShape["source"],
): boolean {
  const hasLabels = Object.entries(sourceLabels).every(([name, value]) => source.labels[name] === value);
  return hasLabels && (sourceNamespace === "" || sourceNamespace === source.namespace);
}

/** Whether a list of gateway names (`mesh`, `name`, `namespace/name`) holds the one that the request comes through. */
export function servesGateway(gateways: readonly string[], gateway: string, namespace: string): boolean {
  if (gateway === ANY_GATEWAY) return gateways.some((name) => name !== "mesh");
  return gateways.some((name) => name === gateway || `${namespace}/${name}` === gateway);
}

function isText(match: StringMatch | undefined, value: string, ignoreCase = false): boolean {
  return match === undefined || hasValue(match, value, ignoreCase);
}

/** An empty match is met by any value that is there. */
function hasValue(match: StringMatch, value: string | null, ignoreCase = false): boolean {
  if (value === null) return false;
  const fold = (text: string) => (ignoreCase ? text.toLowerCase() : text);
  if (match.exact !== undefined) return fold(value) === fold(match.exact);
  if (match.prefix !== undefined) return fold(value).startsWith(fold(match.prefix));
  // Not a pattern: istiod takes it for "is there".
  if (match.regex === "*") return true;
  if (match.regex !== undefined) return fullMatch(match.regex, value);
  return true;
}

/** RE2 as Envoy applies it: the whole value must match. Istio refuses a pattern that does not compile; here it matches nothing. */
function fullMatch(pattern: string, value: string): boolean {
  const inline = /^\(\?([ims]+)\)/.exec(pattern);
  const body = inline === null ? pattern : pattern.slice(inline[0].length);
  try {
    return new RegExp(`^(?:${body})$`, `u${inline?.[1] ?? ""}`).test(value);
  } catch {
    return false;
  }
}

function headerOf(request: RequestShape, name: string): string | null {
  return request.headers[name.toLowerCase()] ?? null;
}

function pathOf(path: string): string {
  return path.split("?", 1)[0] ?? "";
}

function queryOf(path: string): string {
  const mark = path.indexOf("?");
  return mark < 0 ? "" : path.slice(mark + 1);
}
