type Texts = Readonly<Record<string, string>>;

/** The merge patch (RFC 7386) that makes one map of texts into another: what is to go is null. */
export function mapPatch(from: Texts, to: Texts): Readonly<Record<string, string | null>> {
  const gone = Object.keys(from).filter((key) => to[key] === undefined);
  return { ...Object.fromEntries(gone.map((key) => [key, null])), ...to };
}
