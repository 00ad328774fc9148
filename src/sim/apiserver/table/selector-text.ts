import { asList, asObject, type JsonObject } from "../json-object.ts";
import { NONE } from "./columns.ts";

/** `a=b,c=d`, sorted, or `<none>`. */
export function labelsText(labels: unknown): string {
  const pairs = Object.entries(asObject(labels)).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? NONE : pairs.sort().join(",");
}

/** A LabelSelector in the syntax of `kubectl get -l`, or `<none>` when it selects everything. */
export function selectorText(selector: unknown): string {
  const { matchLabels, matchExpressions } = asObject(selector);
  const requirements: [key: string, text: string][] = Object.entries(asObject(matchLabels)).map(
    ([key, value]) => [key, `${key}=${value}`],
  );
  for (const expression of asList(matchExpressions)) {
    const { key } = asObject(expression);
    requirements.push([String(key), expressionText(asObject(expression))]);
  }
  if (requirements.length === 0) return NONE;
  return requirements
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, text]) => text)
    .join(",");
}

function expressionText({ key, operator, values }: JsonObject): string {
  const list = asList(values).map(String).sort().join(",");
  switch (operator) {
    case "In":
      return `${key} in (${list})`;
    case "NotIn":
      return `${key} notin (${list})`;
    case "DoesNotExist":
      return `!${key}`;
    default:
      return String(key);
  }
}
