import { asList, asObject, type JsonObject } from "../json-object.ts";

/** A metav1.LabelSelector in the text form of queries (metav1.FormatLabelSelector): `app=web,tier in (a,b)`. */
export function selectorText(selector: JsonObject): string {
  const labels = Object.entries(asObject(selector["matchLabels"])).map(([key, value]) => `${key}=${value}`);
  const expressions = asList(selector["matchExpressions"]).map((item) => expressionText(asObject(item)));
  return [...labels, ...expressions].sort().join(",");
}

function expressionText(expression: JsonObject): string {
  const key = String(expression["key"]);
  const values = `(${asList(expression["values"]).map(String).sort().join(",")})`;
  switch (expression["operator"]) {
    case "In":
      return `${key} in ${values}`;
    case "NotIn":
      return `${key} notin ${values}`;
    case "DoesNotExist":
      return `!${key}`;
    default:
      return key;
  }
}
