import { problemsOfTemplate, templatePieces } from "./template.ts";

/**
 * Templates of own PromQL queries: `{{ name }}` is replaced by a value. Inside a PromQL string the value is escaped, so
 * that it cannot end the string; outside, only values that are plain words are taken. A value inside a regular
 * expression is not escaped for it: only the author knows whether it is meant as a pattern.
 */

/** What may stand between the braces, and what it means. */
export const QUERY_VARIABLES: Readonly<Record<string, string>> = {
  target: "the workload asked about: the canary's or, for the baseline, the primary's",
  namespace: "its namespace",
  canary: "the canary's workload",
  primary: "the primary's workload",
  name: "the Rollout's name",
  service: "the apex Service's name",
  interval: "the analysis interval, such as 15s",
};

/** Outside of strings: words, numbers, durations, metric names. */
const PLAIN = /^[a-zA-Z0-9_:.-]*$/;

/** What is wrong with a query, as sentences; empty when nothing is. */
export function templateProblems(query: string): readonly string[] {
  return problemsOfTemplate(query, QUERY_VARIABLES, "query");
}

export type Rendered = { readonly query: string } | { readonly problem: string };

/** The query with every variable replaced, or why that cannot be done. */
export function renderQuery(template: string, variables: Readonly<Record<string, string>>): Rendered {
  let query = "";
  for (const piece of templatePieces(template)) {
    if ("literal" in piece) {
      query += piece.literal;
      continue;
    }
    const { variable, reference } = piece;
    const value = Object.hasOwn(variables, variable) ? variables[variable] : undefined;
    if (value === undefined) return { problem: `unknown variable ${reference} in the query` };
    const text = embedded(value, openQuote(query));
    if (text === null) return { problem: `the value of ${reference} cannot stand where the query has it` };
    query += text;
  }
  return { query };
}

/** The value as it must be written inside (or, with null, outside of) a string. */
function embedded(value: string, quote: string | null): string | null {
  if (quote === null) return PLAIN.test(value) ? value : null;
  if (quote === "`") return value.includes("`") ? null : value;
  return value
    .replaceAll("\\", "\\\\")
    .replaceAll(quote, `\\${quote}`)
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r");
}

/** The quote of the PromQL string that is still open at the end of the text; null outside of strings. */
function openQuote(text: string): string | null {
  let quote: string | null = null;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (quote === null) {
      if (char === '"' || char === "'" || char === "`") quote = char;
      else if (char === "#") {
        const end = text.indexOf("\n", i);
        if (end < 0) return null;
        i = end;
      }
    } else if (char === "\\" && quote !== "`") i += 1;
    else if (char === quote) quote = null;
  }
  return quote;
}
