/** Where an object is not as it is wanted. */
export interface Difference {
  /** `spec.http[0].timeout`. */
  readonly path: string;
  readonly wanted: unknown;
  readonly actual: unknown;
}

/**
 * The first place where `actual` is not what `wanted` says; null when there is none. An API server, a defaulting
 * webhook or a serialiser may add and leave out what means nothing (null, "", 0, false, [], {}), so that is no
 * difference.
 *
 * "exact": `actual` may say nothing else. "subset": objects in `actual` may have further members.
 */
export function firstDifference(
  wanted: unknown,
  actual: unknown,
  mode: "exact" | "subset",
  path = "",
): Difference | null {
  if (isNothing(wanted) && isNothing(actual)) return null;
  if (Array.isArray(wanted) && Array.isArray(actual)) return listDifference(wanted, actual, mode, path);
  if (isRecord(wanted) && isRecord(actual)) return recordDifference(wanted, actual, mode, path);
  return Object.is(wanted, actual) ? null : { path, wanted, actual };
}

/** `spec.timeout is "5s", not "8s"`. */
export function differenceText({ path, wanted, actual }: Difference): string {
  return `${path} is ${valueText(actual)}, not ${valueText(wanted)}`;
}

function listDifference(
  wanted: readonly unknown[],
  actual: readonly unknown[],
  mode: "exact" | "subset",
  path: string,
): Difference | null {
  if (wanted.length !== actual.length) return { path, wanted, actual };
  for (const [index, item] of wanted.entries()) {
    const difference = firstDifference(item, actual[index], mode, `${path}[${index}]`);
    if (difference !== null) return difference;
  }
  return null;
}

function recordDifference(
  wanted: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>,
  mode: "exact" | "subset",
  path: string,
): Difference | null {
  const names = new Set([...Object.keys(wanted), ...(mode === "exact" ? Object.keys(actual) : [])]);
  for (const name of names) {
    const memberPath = path === "" ? name : `${path}.${name}`;
    const difference = firstDifference(wanted[name], actual[name], mode, memberPath);
    if (difference !== null) return difference;
  }
  return null;
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.values(value).every(isNothing);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Longest value that a sentence carries. */
const MAX_VALUE_TEXT = 80;

function valueText(value: unknown): string {
  if (value === undefined) return "absent";
  const text = JSON.stringify(value);
  return text.length <= MAX_VALUE_TEXT ? text : `${text.slice(0, MAX_VALUE_TEXT - 1)}…`;
}
