/**
 * The lezer grammar is made for highlighting: it reads `a + b offset 5m * c` as `((a + b) offset 5m) * c`, and `-1^2`
 * as `(-1)^2`. So chains of operators are taken apart again and climbed with the precedences of Prometheus' own parser.
 */

/** How strongly operators bind, weakest first; `^` alone associates to the right. */
const LEVELS: readonly (readonly string[])[] = [
  ["or"],
  ["and", "unless"],
  ["==", "!=", ">", "<", ">=", "<="],
  ["+", "-"],
  ["*", "/", "%", "atan2"],
  ["^"],
];

const STRENGTH: ReadonlyMap<string, number> = new Map(
  LEVELS.flatMap((operators, level) => operators.map((operator) => [operator, level] as const)),
);

/** Unary minus binds like `*`, so only `^` is stronger. */
const UNARY_STRENGTH = 4;

export type Token<T> =
  | { readonly kind: "operand"; readonly value: T }
  | { readonly kind: "prefix"; readonly apply: (inner: T) => T }
  | { readonly kind: "postfix"; readonly apply: (inner: T) => T }
  | { readonly kind: "infix"; readonly operator: string; readonly apply: (left: T, right: T) => T };

/** Folds tokens in the order of the text into one value. The tokens come from a parse tree, so they do fit together. */
export function climb<T>(tokens: readonly Token<T>[]): T {
  let next = 0;
  const operand = (): T => {
    const token = tokens[next++];
    if (token?.kind === "prefix") return token.apply(expression(UNARY_STRENGTH + 1));
    if (token?.kind !== "operand") throw new RangeError("an operand is missing");
    let { value } = token;
    for (let after = tokens[next]; after?.kind === "postfix"; after = tokens[++next])
      value = after.apply(value);
    return value;
  };
  const expression = (weakest: number): T => {
    let left = operand();
    for (;;) {
      const token = tokens[next];
      if (token?.kind !== "infix") return left;
      const strength = STRENGTH.get(token.operator) ?? 0;
      if (strength < weakest) return left;
      next += 1;
      left = token.apply(left, expression(token.operator === "^" ? strength : strength + 1));
    }
  };
  return expression(0);
}
