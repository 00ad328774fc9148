import type { SyntaxNode } from "@lezer/common";
import type { Expression } from "./ast.ts";
import { checkTypes } from "./check.ts";
import { ParseError } from "./errors.ts";
import { parseString } from "./literal.ts";
import { located } from "./syntax-error.ts";

/** The text of a query, and what its syntax nodes say in it. */
export class Syntax {
  readonly query: string;

  constructor(query: string) {
    this.query = query;
  }

  text(node: SyntaxNode): string {
    return this.query.slice(node.from, node.to);
  }

  string(node: SyntaxNode): string {
    return this.located(node, () => parseString(this.text(node)));
  }

  labelNames(node: SyntaxNode | null | undefined): string[] {
    return children(node ?? null).map((label) =>
      label.name === "LabelName" ? this.text(label) : this.string(label),
    );
  }

  error(node: SyntaxNode, message: string): ParseError {
    return located(this.query, node.from, message);
  }

  /** The expression, if its parts fit. */
  checked(node: SyntaxNode, expression: Expression): Expression {
    return this.located(node, () => {
      checkTypes(expression);
      return expression;
    });
  }

  /** What `read` returns; a ParseError of it gets the node's position. */
  located<T>(node: SyntaxNode, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      throw this.error(partAtFault(node, error.part), error.message);
    }
  }
}

export function children(node: SyntaxNode | null): SyntaxNode[] {
  const result: SyntaxNode[] = [];
  for (let child = node?.firstChild ?? null; child !== null; child = child.nextSibling) {
    if (child.name !== "LineComment") result.push(child);
  }
  return result;
}

function partAtFault(node: SyntaxNode, part: ParseError["part"]): SyntaxNode {
  if (part === null) return node;
  if (part === "operator") return node.firstChild?.nextSibling ?? node;
  return children(node.getChild("FunctionCallBody"))[part] ?? node;
}
