import { BoundedMap } from "../../lib/bounded-map.ts";
import type { Expression } from "./ast.ts";
import { parseQuery } from "./parse.ts";

/** Whoever asks, asks the same again and again. */
const KEPT = 256;

/** Expressions by their text: what has been parsed lately is not parsed again. */
export class ParsedQueries {
  readonly #expressions = new BoundedMap<string, Expression>(KEPT);

  /** Throws ParseError. */
  expression(text: string): Expression {
    const known = this.#expressions.get(text);
    if (known !== undefined) return known;
    const expression = parseQuery(text);
    this.#expressions.set(text, expression);
    return expression;
  }
}
