import type { LabelSelector } from "./kind/workload.ts";

/** One condition on an object's labels; all of a selector's must hold. */
export interface Requirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values: readonly string[];
}

type Labels = Readonly<Record<string, string>>;

/** The requirements of a selector object, as in a Deployment's spec. An empty one selects everything. */
export function requirementsOf(selector: LabelSelector): readonly Requirement[] {
  const equal = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]): Requirement => ({ key, operator: "In", values: [value] }),
  );
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values }): Requirement => ({ key, operator, values: values ?? [] }),
  );
  return [...equal, ...expressions];
}

/** As in Kubernetes, an object without the label satisfies NotIn. */
export function matchesLabels(requirements: readonly Requirement[], labels: Labels = {}): boolean {
  return requirements.every((requirement) => matches(requirement, labels));
}

function matches({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}

/** The text form for `labelSelector`: `app=x,tier in (a,b),!legacy`. */
export function selectorText(selector: LabelSelector): string {
  return requirementsOf(selector).map(requirementText).join(",");
}

function requirementText({ key, operator, values }: Requirement): string {
  switch (operator) {
    case "In":
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(",")})`;
    case "NotIn":
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.join(",")})`;
    case "Exists":
      return key;
    case "DoesNotExist":
      return `!${key}`;
  }
}

/** One requirement at the start of the text, up to its comma or the end. */
const FORMS: readonly {
  readonly pattern: RegExp;
  readonly operator: Requirement["operator"];
}[] = [
  { pattern: /^([\w./-]+)\s+in\s+\(([^()]*)\)\s*(?:,|$)/, operator: "In" },
  { pattern: /^([\w./-]+)\s+notin\s+\(([^()]*)\)\s*(?:,|$)/, operator: "NotIn" },
  { pattern: /^([\w./-]+)\s*==?\s*([\w.-]*)\s*(?:,|$)/, operator: "In" },
  { pattern: /^([\w./-]+)\s*!=\s*([\w.-]*)\s*(?:,|$)/, operator: "NotIn" },
  { pattern: /^([\w./-]+)\s*(?:,|$)/, operator: "Exists" },
  { pattern: /^!\s*([\w./-]+)\s*(?:,|$)/, operator: "DoesNotExist" },
];

/** The requirements of the text form; null when it is not one. "" selects everything. */
export function parseSelector(text: string): readonly Requirement[] | null {
  const requirements: Requirement[] = [];
  for (let rest = text.trim(); rest !== ""; ) {
    const found = firstForm(rest);
    if (found === null) return null;
    requirements.push(found.requirement);
    rest = rest.slice(found.length).trim();
  }
  return requirements;
}

function firstForm(text: string): { readonly requirement: Requirement; readonly length: number } | null {
  for (const { pattern, operator } of FORMS) {
    const match = pattern.exec(text);
    if (match?.[1] === undefined) continue;
    const values = match[2] === undefined ? [] : match[2].split(",").map((value) => value.trim());
    return { requirement: { key: match[1], operator, values }, length: match[0].length };
  }
  return null;
}
