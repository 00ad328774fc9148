/** One of the alternatives in an Accept header. */
export interface MediaRange {
  /** `application/json`, `application/*` or `*` + `/*`, in lower case. */
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** What the real server says when nothing that a client accepts is on offer. */
export const NOT_ACCEPTABLE =
  "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf";

/** The alternatives of an Accept header, the most wanted first; without a header everything is accepted. */
export function parseAccept(header: string | undefined): readonly MediaRange[] {
  const ranges = (header ?? "")
    .split(",")
    .map(parseRange)
    .filter((range) => range.type !== "");
  if (ranges.length === 0) return [{ type: "*/*", parameters: {} }];
  // The sort is stable: equally wanted ones stay in the order of the header.
  return ranges.filter((range) => weightOf(range) > 0).sort((a, b) => weightOf(b) - weightOf(a));
}

/** Whether a range covers a media type such as `application/json`. */
export function covers(range: MediaRange, type: string): boolean {
  if (range.type === "*/*" || range.type === type) return true;
  return range.type.endsWith("/*") && type.startsWith(range.type.slice(0, -1));
}

function parseRange(text: string): MediaRange {
  const [type = "", ...rest] = text.split(";").map((part) => part.trim());
  const parameters = rest.map((parameter) => {
    const equals = parameter.indexOf("=");
    return equals < 0 ? [parameter, ""] : [parameter.slice(0, equals), parameter.slice(equals + 1)];
  });
  return { type: type.toLowerCase(), parameters: Object.fromEntries(parameters) };
}

function weightOf(range: MediaRange): number {
  const weight = Number(range.parameters["q"] ?? 1);
  return Number.isNaN(weight) ? 1 : weight;
}
