import { canonicalJson, isDeepEqual } from "../../../src/lib/json.ts";
import type { RecordedResponse, Recording, Step } from "./recording.ts";
import { isPlainBookmark } from "./replay.ts";
import { removeAtPath } from "./value-path.ts";

type Json = Record<string, unknown>;

/** What differs between a recorded and an actual answer, both normalised; empty when they are equal. */
export function compareStep(
  recording: Recording,
  step: Step,
  expected: RecordedResponse,
  actual: RecordedResponse,
): readonly string[] {
  if (step.compare === "none") return [];
  const differences: string[] = [];
  if (expected.status !== actual.status) differences.push(`status: ${expected.status} is ${actual.status}`);
  if (step.compare === "status") return differences;
  if (mediaType(expected) !== mediaType(actual)) {
    differences.push(`contentType: ${mediaType(expected)} is ${mediaType(actual)}`);
  }
  if (!isDeepEqual(sorted(expected.warning), sorted(actual.warning))) {
    differences.push(`warnings: ${sorted(expected.warning)} are ${sorted(actual.warning)}`);
  }
  const rules: Rules = { subset: step.compare === "subset", asynchronous: recording.asynchronous === true };
  const left = prepared(expected.body, step, recording);
  const right = prepared(actual.body, step, recording);
  return [...differences, ...compareValues(left, right, "body", rules)];
}

interface Rules {
  /** The recording was trimmed: the answer may hold more. */
  readonly subset: boolean;
  /** Controllers take part: only the presence of a resourceVersion counts, and lists have no order. */
  readonly asynchronous: boolean;
}

function mediaType({ contentType = "" }: RecordedResponse): string {
  return contentType.replace(/;\s*charset=[^;]+/, "").replaceAll(" ", "");
}

function sorted(warnings: readonly string[] | undefined): readonly string[] {
  return [...(warnings ?? [])].sort();
}

function prepared(body: unknown, step: Step, recording: Recording): unknown {
  const copy = structuredClone(body);
  for (const path of step.ignore ?? []) removeAtPath(copy, path);
  const events = (copy as Json | null | undefined)?.["events"];
  if (!Array.isArray(events)) return copy;
  const dropsBookmarks = recording.asynchronous === true || step.stopAfter !== undefined;
  const kept = dropsBookmarks
    ? events.filter((event) => !isPlainBookmark(event))
    : withoutRepeatedBookmarks(events);
  return { events: step.compare === "states" ? lastStates(kept) : kept };
}

function withoutRepeatedBookmarks(events: readonly unknown[]): readonly unknown[] {
  return events.filter(
    (event, index) => !(isPlainBookmark(event) && index > 0 && isPlainBookmark(events[index - 1])),
  );
}

/** The last event of each object, by name. */
function lastStates(events: readonly unknown[]): readonly unknown[] {
  const states = new Map<string, unknown>();
  for (const event of events as readonly Json[]) {
    const { metadata } = (event["object"] ?? {}) as Json;
    states.set(String((metadata as Json | undefined)?.["name"]), event);
  }
  return [...states.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, event]) => event);
}

function compareValues(expected: unknown, actual: unknown, path: string, rules: Rules): readonly string[] {
  if (Array.isArray(expected) && Array.isArray(actual)) return compareLists(expected, actual, path, rules);
  if (isJson(expected) && isJson(actual)) {
    return expected["kind"] === "Status" && expected["status"] === "Failure"
      ? compareStatus(expected, actual, path)
      : compareObjects(expected, actual, path, rules);
  }
  if (rules.asynchronous && path.endsWith("resourceVersion") && typeof expected === typeof actual) return [];
  return isDeepEqual(expected, actual) ? [] : [`${path}: ${show(expected)} is ${show(actual)}`];
}

function compareObjects(expected: Json, actual: Json, path: string, rules: Rules): readonly string[] {
  const names = new Set([...Object.keys(expected), ...(rules.subset ? [] : Object.keys(actual))]);
  return [...names].flatMap((name) => {
    const memberPath = `${path}.${name}`;
    if (!Object.hasOwn(actual, name)) return [`${memberPath} is missing: ${show(expected[name])}`];
    if (!Object.hasOwn(expected, name)) return [`${memberPath} is too much: ${show(actual[name])}`];
    if (name === "managedFields") return compareSets(expected[name], actual[name], memberPath);
    return compareValues(expected[name], actual[name], memberPath, rules);
  });
}

function compareSets(expected: unknown, actual: unknown, path: string): readonly string[] {
  const texts = (value: unknown) =>
    Array.isArray(value) ? value.map(canonicalJson).sort() : [canonicalJson(value)];
  const left = texts(expected);
  const right = texts(actual);
  return isDeepEqual(left, right) ? [] : [`${path}: ${left.join("\n   ")}\n   is ${right.join("\n   ")}`];
}

function compareLists(
  expected: readonly unknown[],
  actual: readonly unknown[],
  path: string,
  rules: Rules,
): readonly string[] {
  if (rules.subset) return compareSubset(expected, actual, path, rules);
  if (expected.length !== actual.length) {
    return [`${path}: ${expected.length} elements are ${actual.length}: ${show(actual)}`];
  }
  if (rules.asynchronous && /(items|rows|conditions)$/.test(path))
    return compareUnordered(expected, actual, path, rules);
  return expected.flatMap((item, index) => compareValues(item, actual[index], `${path}[${index}]`, rules));
}

/** Each expected element has a counterpart of its own. */
function compareUnordered(
  expected: readonly unknown[],
  actual: readonly unknown[],
  path: string,
  rules: Rules,
): readonly string[] {
  const left = [...actual];
  return expected.flatMap((item, index) => {
    const found = left.findIndex((candidate) => compareValues(item, candidate, path, rules).length === 0);
    if (found >= 0) {
      left.splice(found, 1);
      return [];
    }
    const nearest = left
      .map((candidate) => compareValues(item, candidate, `${path}[${index}]`, rules))
      .sort((a, b) => a.length - b.length)[0];
    return nearest ?? [`${path}[${index}] has no counterpart: ${show(item)}`];
  });
}

/** Elements are told apart by what names them; without a name by their place. */
function compareSubset(
  expected: readonly unknown[],
  actual: readonly unknown[],
  path: string,
  rules: Rules,
): readonly string[] {
  return expected.flatMap((item, index) => {
    const key = keyOf(item);
    const found =
      key === undefined
        ? actual.find((other) => isDeepEqual(item, other))
        : actual.find((other) => keyOf(other) === key);
    if (found === undefined && key !== undefined) return [`${path}[${key}] is missing`];
    if (found === undefined) return compareValues(item, actual[index], `${path}[${index}]`, rules);
    return compareValues(item, found, `${path}[${key ?? index}]`, rules);
  });
}

function keyOf(value: unknown): string | undefined {
  if (!isJson(value)) return undefined;
  for (const name of ["resource", "subresource", "name", "version", "groupVersion"]) {
    if (typeof value[name] === "string") return value[name];
  }
  const { metadata } = value;
  if (isJson(metadata)) return typeof metadata["name"] === "string" ? metadata["name"] : "";
  return undefined;
}

const STATUS_MEMBERS = ["status", "reason", "code"];
const DETAILS = ["name", "group", "kind", "uid", "retryAfterSeconds"];

function compareStatus(expected: Json, actual: Json, path: string): readonly string[] {
  const differences = STATUS_MEMBERS.filter((name) => !isDeepEqual(expected[name], actual[name])).map(
    (name) => `${path}.${name}: ${show(expected[name])} is ${show(actual[name])}`,
  );
  const left = (expected["details"] ?? {}) as Json;
  const right = (actual["details"] ?? {}) as Json;
  for (const name of DETAILS) {
    if (!isDeepEqual(left[name], right[name])) {
      differences.push(`${path}.details.${name}: ${show(left[name])} is ${show(right[name])}`);
    }
  }
  if (!isDeepEqual(messageParts(expected["message"]), messageParts(actual["message"]))) {
    differences.push(`${path}.message: ${show(expected["message"])} is ${show(actual["message"])}`);
  }
  const causes = (value: Json) =>
    Array.isArray(value["causes"]) ? [...new Set(value["causes"].map(canonicalJson))].sort() : [];
  const expectedCauses = causes(left);
  const actualCauses = causes(right);
  return isDeepEqual(expectedCauses, actualCauses)
    ? differences
    : [...differences, `${path}.details.causes: ${expectedCauses.join()} are ${actualCauses.join()}`];
}

/** The server lists violations in no fixed order. */
function messageParts(message: unknown): unknown {
  if (typeof message !== "string") return message;
  const [, subject = "", violations = message] = /^(.*? is invalid: )(.*)$/s.exec(message) ?? [];
  return [subject, ...violations.replaceAll(/[[\]]/g, "").split(", ").sort()];
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 600) ?? "nothing";
}
