import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";
import { PARAMETER_TYPES } from "./aggregate.ts";
import type { At, BinaryOperator, Expression, Matcher, Matching, MatchOperator, Selector } from "./ast.ts";
import { SET_OPERATORS } from "./binary.ts";
import { checkTypes } from "./check.ts";
import { ParseError } from "./errors.ts";
import { METRIC_NAME } from "./labels.ts";
import { parseNumber, parseString } from "./literal.ts";
import { climb, type Token } from "./precedence.ts";
import { anchoredRegExp, plainAlternatives } from "./regexp.ts";
import { explainSyntaxError, located } from "./syntax-error.ts";

/** Reads a PromQL expression. Throws ParseError, worded and located as Prometheus does: `1:6: parse error: ...`. */
export function parseQuery(query: string): Expression {
  const tree = parser.parse(query);
  const fault = explainSyntaxError(query, tree);
  if (fault !== null) throw fault;
  const root = tree.topNode.firstChild;
  if (root === null) throw new ParseError("unknown position: parse error: no expression found in input");
  return new Builder(query).expression(root);
}

/** Reads a lone series selector, as the `match[]` parameters of the HTTP API want it. */
export function parseSelector(text: string): readonly Matcher[] {
  const expression = parseQuery(text);
  if (expression.kind !== "selector")
    throw new ParseError(`1:1: parse error: want a series selector, got ${text}`);
  return expression.matchers;
}

const NO_MATCHING: Matching = { card: "one-to-one", on: false, labels: [], include: [] };

class Builder {
  readonly #query: string;

  constructor(query: string) {
    this.#query = query;
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
        tokens.push(this.#sign(node, this.#text(child as SyntaxNode)));
        this.#flatten(node.lastChild as SyntaxNode, tokens);
        return;
      case "OffsetExpr":
      case "StepInvariantExpr":
      case "MatrixSelector":
      case "SubqueryExpr":
        this.#flatten(child as SyntaxNode, tokens);
        tokens.push({ kind: "postfix", apply: (inner) => this.#postfix(node, inner) });
        return;
      case "NumberDurationLiteral": {
        const text = this.#text(node);
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
      throw this.#error(operator, `unexpected character: '${this.#text(operator).slice(1)}'`);
    }
    const name = this.#text(operator).toLowerCase() as BinaryOperator;
    const bool = rest.some((part) => part.name === "BoolModifier");
    const matching = this.#matching(rest, SET_OPERATORS.has(name));
    this.#flatten(left, tokens);
    tokens.push({
      kind: "infix",
      operator: name,
      apply: (a, b) =>
        this.#checked(node, { kind: "binary", operator: name, left: a, right: b, bool, matching }),
    });
    this.#flatten(right, tokens);
  }

  #sign(node: SyntaxNode, sign: string): Token<Expression> {
    return {
      kind: "prefix",
      apply: (inner) => {
        if (inner.kind === "number")
          return { kind: "number", value: sign === "-" ? -inner.value : inner.value };
        const unary = this.#checked(node, { kind: "unary", inner });
        return sign === "-" ? unary : inner;
      },
    };
  }

  #operand(node: SyntaxNode): Expression {
    switch (node.name) {
      case "ParenExpr":
        return { kind: "paren", inner: this.expression(node.firstChild as SyntaxNode) };
      case "StringLiteral":
        return { kind: "string", value: this.#string(node) };
      case "VectorSelector":
        return this.#selector(node);
      case "FunctionCall":
        return this.#checked(node, {
          kind: "call",
          name: this.#text(node.firstChild as SyntaxNode),
          args: this.#arguments(node.lastChild),
        });
      case "AggregateExpr":
        return this.#aggregate(node);
      default:
        throw this.#error(node, `${node.name} is experimental and not enabled`);
    }
  }

  #aggregate(node: SyntaxNode): Expression {
    const parts = children(node);
    const operator = this.#text(parts[0] as SyntaxNode).toLowerCase();
    const args = this.#arguments(parts.find((part) => part.name === "FunctionCallBody") ?? null);
    const modifier = parts.find((part) => part.name === "AggregateModifier");
    const wanted = PARAMETER_TYPES[operator] === undefined ? 1 : 2;
    if (operator.startsWith("limit"))
      throw this.#error(node, `${operator}() is experimental and must be enabled`);
    if (args.length !== wanted) {
      throw this.#error(
        node,
        args.length === 0
          ? "no arguments for aggregate expression provided"
          : `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`,
      );
    }
    return this.#checked(node, {
      kind: "aggregate",
      operator,
      inner: args.at(-1) as Expression,
      parameter: wanted === 2 ? (args[0] as Expression) : null,
      grouping: this.#labelNames(modifier?.getChild("GroupingLabels")),
      without: modifier?.firstChild?.name === "Without",
    });
  }

  #selector(node: SyntaxNode): Selector {
    const matchers: Matcher[] = [];
    const name = node.getChild("Identifier");
    if (name !== null) matchers.push(this.#matcher(node, METRIC_NAME, "=", this.#text(name)));
    for (const part of children(node.getChild("LabelMatchers"))) {
      if (part.name === "QuotedLabelName") {
        matchers.push(this.#matcher(part, METRIC_NAME, "=", this.#string(part)));
        continue;
      }
      const [label, operator, value] = children(part);
      if (label === undefined || operator === undefined || value === undefined) continue;
      const labelName = label.name === "LabelName" ? this.#text(label) : this.#string(label);
      if (labelName === METRIC_NAME && name !== null) {
        throw this.#error(
          node,
          `metric name must not be set twice: "${this.#text(name)}" or "${this.#string(value)}"`,
        );
      }
      matchers.push(
        this.#matcher(part, labelName, this.#text(operator) as MatchOperator, this.#string(value)),
      );
    }
    if (matchers.every((matcher) => matcher.matches(""))) {
      throw this.#error(node, "vector selector must contain at least one non-empty matcher");
    }
    return { kind: "selector", matchers, offsetMs: 0, at: null };
  }

  #matcher(node: SyntaxNode, name: string, operator: MatchOperator, value: string): Matcher {
    const isEqual = this.#located(node, () => comparison(operator, value));
    const negated = operator.startsWith("!");
    return { name, operator, value, matches: (text) => isEqual(text) !== negated };
  }

  #postfix(node: SyntaxNode, inner: Expression): Expression {
    const parts = children(node);
    switch (node.name) {
      case "MatrixSelector": {
        if (inner.kind !== "selector") {
          const bracket = node.firstChild?.to ?? node.from;
          throw located(this.#query, bracket, "ranges only allowed for vector selectors");
        }
        if (inner.offsetMs !== 0) throw this.#error(node, "no offset modifiers allowed before range");
        if (inner.at !== null) throw this.#error(node, "no @ modifiers allowed before range");
        return { kind: "matrix", selector: inner, rangeMs: this.#duration(parts[1]) };
      }
      case "SubqueryExpr": {
        const stepMs = parts[2] === undefined ? null : this.#duration(parts[2]);
        const rangeMs = this.#duration(parts[1]);
        return this.#checked(node, { kind: "subquery", inner, rangeMs, stepMs, offsetMs: 0, at: null });
      }
      case "OffsetExpr":
        return this.#shifted(node, inner, { offsetMs: this.#duration(parts[2], true) });
      default:
        return this.#shifted(node, inner, { at: this.#at(parts[2] as SyntaxNode) });
    }
  }

  #shifted(node: SyntaxNode, inner: Expression, shift: { offsetMs: number } | { at: At }): Expression {
    const what = "at" in shift ? "@" : "offset";
    if (inner.kind === "selector" || inner.kind === "subquery") return { ...inner, ...shift };
    if (inner.kind === "matrix") return { ...inner, selector: { ...inner.selector, ...shift } };
    throw this.#error(
      node,
      `${what} modifier must be preceded by an instant vector selector or range vector selector or a subquery`,
    );
  }

  #at(node: SyntaxNode): At {
    if (node.name === "AtModifierPreprocessors") {
      return { kind: node.firstChild?.name === "AtStart" ? "start" : "end" };
    }
    const text = this.#text(node);
    const seconds = text.startsWith("-") ? -parseNumber(text.slice(1)) : parseNumber(text.replace("+", ""));
    if (!Number.isFinite(seconds)) throw this.#error(node, `timestamp out of bounds for @ modifier: ${text}`);
    return { kind: "time", timeMs: Math.round(seconds * 1_000) };
  }

  /** Milliseconds; arithmetic in durations is an experiment of Prometheus that is off by default. */
  #duration(node: SyntaxNode | undefined, signed = false): number {
    if (node === undefined) return 0;
    const text = this.#text(node);
    const [, sign = "", amount = ""] = /^([+-]?)\s*([0-9a-zA-Z_.]+)$/.exec(text) ?? [];
    if (amount === "" || (sign !== "" && !signed)) {
      throw this.#error(node, "experimental duration expression is not enabled");
    }
    const durationMs = Math.round(parseNumber(amount) * 1_000) * (sign === "-" ? -1 : 1);
    if (!signed && !(durationMs > 0)) throw this.#error(node, "duration must be greater than 0");
    return durationMs;
  }

  #matching(parts: readonly SyntaxNode[], isSet: boolean): Matching {
    const clause = parts.find((part) => part.name === "MatchingModifierClause");
    const plain: Matching = isSet ? { ...NO_MATCHING, card: "many-to-many" } : NO_MATCHING;
    if (parts.some((part) => part.name === "FillModifier")) {
      throw this.#error(parts[0] as SyntaxNode, "binop fill modifiers are experimental and not enabled");
    }
    if (clause === undefined) return plain;
    const [first, labels, group, include] = children(clause);
    const grouped = group?.name === "GroupLeft" ? "many-to-one" : "one-to-many";
    return {
      card: group === undefined ? plain.card : grouped,
      on: first?.name === "On",
      labels: this.#labelNames(labels),
      include: this.#labelNames(include),
    };
  }

  #labelNames(node: SyntaxNode | null | undefined): string[] {
    return children(node ?? null).map((label) =>
      label.name === "LabelName" ? this.#text(label) : this.#string(label),
    );
  }

  #arguments(body: SyntaxNode | null): Expression[] {
    return children(body).map((argument) => this.expression(argument));
  }

  #checked(node: SyntaxNode, expression: Expression): Expression {
    return this.#located(node, () => {
      checkTypes(expression);
      return expression;
    });
  }

  #string(node: SyntaxNode): string {
    return this.#located(node, () => parseString(this.#text(node)));
  }

  #located<T>(node: SyntaxNode, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      throw this.#error(partAtFault(node, error.part), error.message);
    }
  }

  #error(node: SyntaxNode, message: string): ParseError {
    return located(this.#query, node.from, message);
  }

  #text(node: SyntaxNode): string {
    return this.#query.slice(node.from, node.to);
  }
}

function comparison(operator: MatchOperator, value: string): (text: string) => boolean {
  if (!operator.includes("~")) return (text) => text === value;
  const pattern = anchoredRegExp(value);
  const alternatives = plainAlternatives(value);
  return alternatives === null ? (text) => pattern.test(text) : (text) => alternatives.has(text);
}

function partAtFault(node: SyntaxNode, part: ParseError["part"]): SyntaxNode {
  if (part === null) return node;
  if (part === "operator") return node.firstChild?.nextSibling ?? node;
  return children(node.getChild("FunctionCallBody"))[part] ?? node;
}

function children(node: SyntaxNode | null): SyntaxNode[] {
  const result: SyntaxNode[] = [];
  for (let child = node?.firstChild ?? null; child !== null; child = child.nextSibling) {
    if (child.name !== "LineComment") result.push(child);
  }
  return result;
}
