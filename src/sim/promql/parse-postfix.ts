import type { SyntaxNode } from "@lezer/common";
import type { At, Expression } from "./ast.ts";
import { parseNumber } from "./literal.ts";
import { children, type Syntax } from "./syntax.ts";
import { located } from "./syntax-error.ts";

/** Applies what stands behind an operand: a range, a subquery, `offset` or `@`. */
export function withPostfix(syntax: Syntax, node: SyntaxNode, inner: Expression): Expression {
  const parts = children(node);
  switch (node.name) {
    case "MatrixSelector": {
      if (inner.kind !== "selector") {
        const bracket = node.firstChild?.to ?? node.from;
        throw located(syntax.query, bracket, "ranges only allowed for vector selectors");
      }
      if (inner.offsetMs !== 0) throw syntax.error(node, "no offset modifiers allowed before range");
      if (inner.at !== null) throw syntax.error(node, "no @ modifiers allowed before range");
      return { kind: "matrix", selector: inner, rangeMs: durationOf(syntax, parts[1]) };
    }
    case "SubqueryExpr": {
      const stepMs = parts[2] === undefined ? null : durationOf(syntax, parts[2]);
      const rangeMs = durationOf(syntax, parts[1]);
      return syntax.checked(node, { kind: "subquery", inner, rangeMs, stepMs, offsetMs: 0, at: null });
    }
    case "OffsetExpr":
      return shifted(syntax, node, inner, { offsetMs: durationOf(syntax, parts[2], true) });
    default:
      return shifted(syntax, node, inner, { at: atOf(syntax, parts[2] as SyntaxNode) });
  }
}

function shifted(
  syntax: Syntax,
  node: SyntaxNode,
  inner: Expression,
  shift: { readonly offsetMs: number } | { readonly at: At },
): Expression {
  if (inner.kind === "selector" || inner.kind === "subquery") return { ...inner, ...shift };
  if (inner.kind === "matrix") return { ...inner, selector: { ...inner.selector, ...shift } };
  throw syntax.error(
    node,
    `${"at" in shift ? "@" : "offset"} modifier must be preceded by an instant vector selector or range vector selector or a subquery`,
  );
}

function atOf(syntax: Syntax, node: SyntaxNode): At {
  if (node.name === "AtModifierPreprocessors") {
    return { kind: node.firstChild?.name === "AtStart" ? "start" : "end" };
  }
  const text = syntax.text(node);
  const seconds = text.startsWith("-") ? -parseNumber(text.slice(1)) : parseNumber(text.replace("+", ""));
  if (!Number.isFinite(seconds)) throw syntax.error(node, `timestamp out of bounds for @ modifier: ${text}`);
  return { kind: "time", timeMs: Math.round(seconds * 1_000) };
}

/** Milliseconds; arithmetic in durations is an experiment of Prometheus that is off by default. */
function durationOf(syntax: Syntax, node: SyntaxNode | undefined, signed = false): number {
  if (node === undefined) return 0;
  const [, sign = "", amount = ""] = /^([+-]?)\s*([0-9a-zA-Z_.]+)$/.exec(syntax.text(node)) ?? [];
  if (amount === "" || (sign !== "" && !signed)) {
    throw syntax.error(node, "experimental duration expression is not enabled");
  }
  const durationMs = Math.round(parseNumber(amount) * 1_000) * (sign === "-" ? -1 : 1);
  if (!signed && !(durationMs > 0)) throw syntax.error(node, "duration must be greater than 0");
  return durationMs;
}
