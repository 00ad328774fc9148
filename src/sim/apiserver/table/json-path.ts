import { isObject } from "../json-object.ts";

/** A JSONPath in kubectl's dialect (k8s.io/client-go/util/jsonpath), as printer columns write it: `.spec.ports[0].port`. */
export interface JsonPath {
  /** The values that the path leads to, in order. */
  find(root: unknown): readonly unknown[];
}

type Step = (value: unknown) => readonly unknown[];

/** Undefined when the text is no path. */
export function parseJsonPath(text: string): JsonPath | undefined {
  const steps = parseSteps(text.startsWith("$") ? text.slice(1) : text);
  if (steps === undefined) return undefined;
  return { find: (root) => follow(root, steps) };
}

function follow(root: unknown, steps: readonly Step[]): readonly unknown[] {
  return steps.reduce<readonly unknown[]>(
    (values, step) => values.flatMap((value) => [...step(value)]),
    [root],
  );
}

/** One step at the beginning of the text. Names may hold escaped dots: `.annotations.example\.com/kind`. */
const STEP =
  /^(?:\.\.(?<deep>(?:\\.|[^.[\]\\])+)|\.?\[\s*\?\((?<filter>.+?)\)\s*\]|\.?\[\s*'(?<quoted>(?:\\.|[^'\\])*)'\s*\]|\.?\[\s*"(?<double>(?:\\.|[^"\\])*)"\s*\]|\.?\[\s*(?<index>\*|-?\d+|-?\d*:-?\d*)\s*\]|\.(?<name>(?:\\.|[^.[\]\\])+)|\.$)/;

function parseSteps(text: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  let rest = text;
  while (rest !== "") {
    const match = STEP.exec(rest);
    if (match === null) return undefined;
    const step = stepOf(match.groups ?? {});
    if (step === undefined) return undefined;
    steps.push(step);
    rest = rest.slice(match[0].length);
  }
  return steps;
}

function stepOf(groups: Readonly<Record<string, string | undefined>>): Step | undefined {
  const { deep, filter, index } = groups;
  const name = groups["name"] ?? groups["quoted"] ?? groups["double"];
  if (deep !== undefined) return descendants(withoutEscapes(deep));
  if (filter !== undefined) return filterStep(filter);
  if (index !== undefined) return index === "*" ? children : elements(index);
  if (name === undefined) return (value) => [value];
  return name === "*" ? children : member(withoutEscapes(name));
}

function withoutEscapes(name: string): string {
  return name.replace(/\\(.)/g, "$1");
}

function member(name: string): Step {
  return (value) => (isObject(value) && Object.hasOwn(value, name) ? [value[name]] : []);
}

function children(value: unknown): readonly unknown[] {
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}

function descendants(name: string): Step {
  const search: Step = (value) => [...member(name)(value), ...children(value).flatMap(search)];
  return search;
}

/** `2`, `-1`, or a range `from:to`. */
function elements(index: string): Step {
  const [from = "", to] = index.split(":");
  return (value) => {
    if (!Array.isArray(value)) return [];
    if (to === undefined) return value.slice(Number(from)).slice(0, 1);
    return value.slice(from === "" ? 0 : Number(from), to === "" ? undefined : Number(to));
  };
}

const COMPARISONS: Readonly<Record<string, (a: unknown, b: unknown) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => comparable(a, b) && (a as number) < (b as number),
  "<=": (a, b) => comparable(a, b) && (a as number) <= (b as number),
  ">": (a, b) => comparable(a, b) && (a as number) > (b as number),
  ">=": (a, b) => comparable(a, b) && (a as number) >= (b as number),
};

function comparable(a: unknown, b: unknown): boolean {
  return typeof a === typeof b && (typeof a === "number" || typeof a === "string");
}

/** `@.type=="Ready"`, or `@.type` alone for elements that have one. */
function filterStep(text: string): Step | undefined {
  const match = /^\s*(?<left>[^=!<>]+?)\s*(?:(?<operator>==|!=|<=|>=|<|>)\s*(?<right>.+?)\s*)?$/.exec(text);
  const { left = "", operator, right } = match?.groups ?? {};
  const find = operand(left);
  const wanted = right === undefined ? undefined : operand(right);
  const compare = operator === undefined ? undefined : COMPARISONS[operator];
  if (find === undefined || (right !== undefined && wanted === undefined)) return undefined;
  return (value) =>
    children(value).filter((element) => {
      const values = find(element);
      if (compare === undefined) return values.length > 0;
      return values.length > 0 && compare(values[0], wanted?.(element)[0]);
    });
}

/** A path that starts at the element (`@`), or a literal. */
function operand(text: string): Step | undefined {
  if (text.startsWith("@")) {
    const path = parseJsonPath(text.slice(1));
    return path === undefined ? undefined : (element) => path.find(element);
  }
  const literal = literalOf(text);
  return literal === undefined ? undefined : () => [literal];
}

function literalOf(text: string): unknown {
  const quoted = /^(["'])(.*)\1$/.exec(text);
  if (quoted !== null) return withoutEscapes(quoted[2] ?? "");
  if (text === "true" || text === "false") return text === "true";
  return text === "" || Number.isNaN(Number(text)) ? undefined : Number(text);
}
