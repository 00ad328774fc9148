import type { SyntaxNode } from "@lezer/common";
import type { Matcher, MatchOperator, Selector } from "./ast.ts";
import { METRIC_NAME } from "./labels.ts";
import { anchoredRegExp, plainAlternatives } from "./regexp.ts";
import { children, type Syntax } from "./syntax.ts";

/** Reads `name{label="value", ...}`. */
export function selectorOf(syntax: Syntax, node: SyntaxNode): Selector {
  const name = node.getChild("Identifier");
  const metric = name === null ? [] : [matcher(syntax, node, METRIC_NAME, ["=", syntax.text(name)])];
  const matchers = [
    ...metric,
    ...children(node.getChild("LabelMatchers")).map((part) => labelMatcher(syntax, part)),
  ];
  const names = matchers.filter((one) => one.name === METRIC_NAME).map(({ value }) => `"${value}"`);
  if (name !== null && names.length > 1) {
    throw syntax.error(node, `metric name must not be set twice: ${names.join(" or ")}`);
  }
  if (matchers.every((one) => one.matches(""))) {
    throw syntax.error(node, "vector selector must contain at least one non-empty matcher");
  }
  return { kind: "selector", matchers, offsetMs: 0, at: null };
}

function labelMatcher(syntax: Syntax, node: SyntaxNode): Matcher {
  // A quoted name on its own is the metric's: {"my.metric"}.
  if (node.name === "QuotedLabelName") return matcher(syntax, node, METRIC_NAME, ["=", syntax.string(node)]);
  const [label, operator, value] = children(node) as [SyntaxNode, SyntaxNode, SyntaxNode];
  const name = label.name === "LabelName" ? syntax.text(label) : syntax.string(label);
  return matcher(syntax, node, name, [syntax.text(operator) as MatchOperator, syntax.string(value)]);
}

function matcher(
  syntax: Syntax,
  node: SyntaxNode,
  name: string,
  [operator, value]: readonly [MatchOperator, string],
): Matcher {
  const isEqual = syntax.located(node, () => comparison(operator, value));
  const negated = operator.startsWith("!");
  return { name, operator, value, matches: (text) => isEqual(text) !== negated };
}

function comparison(operator: MatchOperator, value: string): (text: string) => boolean {
  if (!operator.includes("~")) return (text) => text === value;
  const pattern = anchoredRegExp(value);
  const alternatives = plainAlternatives(value);
  return alternatives === null ? (text) => pattern.test(text) : (text) => alternatives.has(text);
}
