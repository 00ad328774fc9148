import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";
import { PARAMETER_TYPES } from "./aggregate.ts";
import type { BinaryOperator, Expression, Matcher, Matching } from "./ast.ts";
import { SET_OPERATORS } from "./binary.ts";
import { ParseError } from "./errors.ts";
import { groupBy } from "./label-groups.ts";
import { parseNumber } from "./literal.ts";
import { withPostfix } from "./parse-postfix.ts";
import { selectorOf } from "./parse-selector.ts";
import { climb, type Token } from "./precedence.ts";
import { children, Syntax } from "./syntax.ts";
import { explainSyntaxError } from "./syntax-error.ts";

/** Reads a PromQL expression. Throws ParseError, worded and located as Prometheus does: `1:6: parse error: ...`. */
export function parseQuery(query: string): Expression {
  const tree = parser.parse(query);
  const fault = explainSyntaxError(query, tree);
  if (fault !== null) throw fault;
  const root = tree.topNode.firstChild;
  if (root === null) throw new ParseError("unknown position: parse error: no expression found in input");
  return new Builder(new Syntax(query)).expression(root);
}

/** Reads a lone series selector, as the `match[]` parameters of the HTTP API want it. */
export function parseSelector(text: string): readonly Matcher[] {
  const expression = parseQuery(text);
  if (expression.kind !== "selector")
    throw new ParseError(`1:1: parse error: want a series selector, got ${text}`);
  return expression.matchers;
}

const NO_MATCHING: Matching = {
  groupOf: (labels) => labels.nameless(),
  card: "one-to-one",
  on: false,
  labels: [],
  include: [],
};

class Builder {
  readonly #syntax: Syntax;

  constructor(syntax: Syntax) {
    this.#syntax = syntax;
  }

  expression(node: SyntaxNode): Expression {
    const tokens: Token<Expression>[] = [];
    this.#flatten(node, tokens);
    return climb(tokens);
  }

  /** The tokens of an expression, down to what parentheses or a call enclose. See precedence.ts for why. */
  #flatten(node: SyntaxNode, tokens: Token<Expression>[]): void {
    const child = node.firstChild;
    switch (node.name) {
      case "BinaryExpr":
        this.#flattenBinary(node, tokens);
        return;
      case "UnaryExpr":
        tokens.push(this.#sign(node, this.#syntax.text(child as SyntaxNode)));
        this.#flatten(node.lastChild as SyntaxNode, tokens);
        return;
      case "OffsetExpr":
      case "StepInvariantExpr":
      case "MatrixSelector":
      case "SubqueryExpr":
        this.#flatten(child as SyntaxNode, tokens);
        tokens.push({ kind: "postfix", apply: (inner) => withPostfix(this.#syntax, node, inner) });
        return;
      case "NumberDurationLiteral": {
        const text = this.#syntax.text(node);
        const signed = /^[+-]/.test(text);
        if (signed) tokens.push(this.#sign(node, text.slice(0, 1)));
        const value = parseNumber(signed ? text.slice(1).trim() : text);
        tokens.push({ kind: "operand", value: { kind: "number", value } });
        return;
      }
      default:
        tokens.push({ kind: "operand", value: this.#operand(node) });
    }
  }

  #flattenBinary(node: SyntaxNode, tokens: Token<Expression>[]): void {
    const [left, operator, ...rest] = children(node);
    const right = rest.at(-1);
    if (left === undefined || operator === undefined || right === undefined) return;
    if (operator.name.startsWith("Trim")) {
      throw this.#syntax.error(operator, `unexpected character: '${this.#syntax.text(operator).slice(1)}'`);
    }
    const name = this.#syntax.text(operator).toLowerCase() as BinaryOperator;
    const bool = rest.some((part) => part.name === "BoolModifier");
    const matching = this.#matching(rest, SET_OPERATORS.has(name));
    this.#flatten(left, tokens);
    tokens.push({
      kind: "infix",
      operator: name,
      apply: (a, b) =>
        this.#syntax.checked(node, { kind: "binary", operator: name, left: a, right: b, bool, matching }),
    });
    this.#flatten(right, tokens);
  }

  #sign(node: SyntaxNode, sign: string): Token<Expression> {
    return {
      kind: "prefix",
      apply: (inner) => {
        if (inner.kind === "number")
          return { kind: "number", value: sign === "-" ? -inner.value : inner.value };
        const unary = this.#syntax.checked(node, { kind: "unary", inner });
        return sign === "-" ? unary : inner;
      },
    };
  }

  #operand(node: SyntaxNode): Expression {
    switch (node.name) {
      case "ParenExpr":
        return { kind: "paren", inner: this.expression(node.firstChild as SyntaxNode) };
      case "StringLiteral":
        return { kind: "string", value: this.#syntax.string(node) };
      case "VectorSelector":
        return selectorOf(this.#syntax, node);
      case "FunctionCall":
        return this.#syntax.checked(node, {
          kind: "call",
          name: this.#syntax.text(node.firstChild as SyntaxNode),
          args: this.#arguments(node.lastChild),
        });
      case "AggregateExpr":
        return this.#aggregate(node);
      default:
        throw this.#syntax.error(node, `${node.name} is experimental and not enabled`);
    }
  }

  #aggregate(node: SyntaxNode): Expression {
    const parts = children(node);
    const operator = this.#syntax.text(parts[0] as SyntaxNode).toLowerCase();
    const args = this.#arguments(parts.find((part) => part.name === "FunctionCallBody") ?? null);
    const modifier = parts.find((part) => part.name === "AggregateModifier");
    const wanted = PARAMETER_TYPES[operator] === undefined ? 1 : 2;
    if (operator.startsWith("limit"))
      throw this.#syntax.error(node, `${operator}() is experimental and must be enabled`);
    if (args.length !== wanted) {
      throw this.#syntax.error(
        node,
        args.length === 0
          ? "no arguments for aggregate expression provided"
          : `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`,
      );
    }
    return this.#syntax.checked(node, {
      kind: "aggregate",
      operator,
      inner: args.at(-1) as Expression,
      parameter: wanted === 2 ? (args[0] as Expression) : null,
      groupOf: groupBy(
        this.#syntax.labelNames(modifier?.getChild("GroupingLabels")),
        modifier?.firstChild?.name === "Without",
      ),
    });
  }

  #matching(parts: readonly SyntaxNode[], isSet: boolean): Matching {
    const clause = parts.find((part) => part.name === "MatchingModifierClause");
    const plain: Matching = isSet ? { ...NO_MATCHING, card: "many-to-many" } : NO_MATCHING;
    if (parts.some((part) => part.name === "FillModifier")) {
      throw this.#syntax.error(
        parts[0] as SyntaxNode,
        "binop fill modifiers are experimental and not enabled",
      );
    }
    if (clause === undefined) return plain;
    const [first, labels, group, include] = children(clause);
    const grouped = group?.name === "GroupLeft" ? "many-to-one" : "one-to-many";
    const on = first?.name === "On";
    const names = this.#syntax.labelNames(labels);
    return {
      groupOf: groupBy(names, !on),
      card: group === undefined ? plain.card : grouped,
      on,
      labels: names,
      include: this.#syntax.labelNames(include),
    };
  }

  #arguments(body: SyntaxNode | null): Expression[] {
    return children(body).map((argument) => this.expression(argument));
  }
}
