import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";
import { parseQuery } from "../../src/sim/promql/parse.ts";

/** A metric in a query, with the labels that are asked of it or kept from it. */
export interface UsedMetric {
  readonly name: string;
  readonly labels: readonly string[];
}

/** Throws what Prometheus would say of a query that it cannot parse. Grafana's variables may stand for durations. */
export function metricsIn(expression: string): readonly UsedMetric[] {
  const query = expression.replaceAll("$__rate_interval", "5m").replaceAll("$__range", "1h");
  parseQuery(query);
  const found: UsedMetric[] = [];
  walk(parser.parse(query).topNode, [], (node, outer) => {
    const name = node.getChild("Identifier");
    if (name === null) return;
    found.push({
      name: query.slice(name.from, name.to),
      labels: [...new Set([...namesBelow(node, query), ...outer])],
    });
  });
  return found;

  /** `outer`: labels that aggregations around the node group by. */
  function walk(
    node: SyntaxNode,
    outer: readonly string[],
    selector: (node: SyntaxNode, outer: readonly string[]) => void,
  ): void {
    if (node.name === "VectorSelector") selector(node, outer);
    const grouping = node.name === "AggregateExpr" ? namesIn(node.getChild("AggregateModifier"), query) : [];
    for (let child = node.firstChild; child !== null; child = child.nextSibling) {
      walk(child, [...outer, ...grouping], selector);
    }
  }
}

function namesBelow(node: SyntaxNode, query: string): readonly string[] {
  return namesIn(node.getChild("LabelMatchers"), query);
}

function namesIn(node: SyntaxNode | null, query: string): readonly string[] {
  const names: string[] = [];
  node?.cursor().iterate((inner) => {
    if (inner.name === "LabelName") names.push(query.slice(inner.from, inner.to));
  });
  return names;
}
