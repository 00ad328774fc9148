/** Structural equality of JSON values. */
export function isDeepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    for (let index = 0; index < a.length; index++) if (!isDeepEqual(a[index], b[index])) return false;
    return true;
  }
  return hasSameMembers(a as Members, b as Members);
}

type Members = Readonly<Record<string, unknown>>;

/** Without lists of keys: this is asked of every object that is written or seen. */
function hasSameMembers(a: Members, b: Members): boolean {
  let surplus = 0;
  for (const key in a) {
    const value = a[key];
    if (value === undefined) continue;
    if (!isDeepEqual(value, b[key])) return false;
    surplus += 1;
  }
  for (const key in b) if (b[key] !== undefined) surplus -= 1;
  return surplus === 0;
}

/** JSON text with the keys of every object sorted: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const object = value as Members;
  const members = definedKeys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key])}`);
  return `{${members.join(",")}}`;
}

/** undefined members do not exist in JSON. */
function definedKeys(object: Members): string[] {
  return Object.keys(object).filter((key) => object[key] !== undefined);
}
