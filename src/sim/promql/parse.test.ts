import { describe, expect, it } from "vitest";
import { ParseError } from "./errors.ts";
import { Evaluator } from "./evaluate.ts";
import { parseQuery, parseSelector } from "./parse.ts";

function scalar(query: string): number {
  const empty = { select: () => [] };
  const value = new Evaluator(empty, { startMs: 0, endMs: 0 }).at(parseQuery(query), 0);
  return value.type === "scalar" ? value.value : Number.NaN;
}

function message(query: string): string {
  try {
    parseQuery(query);
  } catch (error) {
    if (error instanceof ParseError) return error.message;
    throw error;
  }
  return "no error";
}

describe("parseQuery", () => {
  it.each([
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["2 ^ 3 ^ 2", 512],
    ["-2 ^ 2", -4],
    ["2 ^ -1 * 4", 2],
    ["10 - 3 - 2", 5],
    ["7 % 4 + 1", 4],
    ["1 < bool 2 + 5", 1],
    ["- - 3", 3],
    ["1h30m / 1m", 90],
    ["0x10 + 1e3 + .5", 1016.5],
    ["1_000", 1000],
    ["-Inf + 1", Number.NEGATIVE_INFINITY],
    ["1 # a comment\n + 1", 2],
  ])("reads %s as %d", (query, expected) => {
    expect(scalar(query)).toBe(expected);
  });

  it("binds offset and ranges to the last selector of a chain, not to the chain", () => {
    expect(parseQuery("a + b offset 5m * c")).toMatchObject({
      operator: "+",
      left: { kind: "selector", offsetMs: 0 },
      right: { operator: "*", left: { kind: "selector", offsetMs: 300_000 }, right: { offsetMs: 0 } },
    });
    expect(parseQuery("-a offset 5m")).toMatchObject({ kind: "unary", inner: { offsetMs: 300_000 } });
  });

  it("reads strings with Go's escapes, and backticks without any", () => {
    const value = (text: string) => parseSelector(text)[0]?.value;
    expect(value(String.raw`{a="x\"\\\n\x41é\101"}`)).toBe('x"\\\nAéA');
    expect(value("{a=`x\\d`}")).toBe("x\\d");
    expect(value("{a='it\\'s'}")).toBe("it's");
  });

  it("anchors regular expressions at both ends", () => {
    const [matcher] = parseSelector('{a=~"b|c.*"}');
    expect(["b", "cd", "c\nd", "ab", "bb"].map((text) => matcher?.matches(text))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(parseSelector('{a=~"(?i)abc"}')[0]?.matches("ABC")).toBe(true);
  });

  it.each([
    ["", "unknown position: parse error: no expression found in input"],
    ["a +", "1:4: parse error: unexpected end of input"],
    ["sum(a", "1:6: parse error: unclosed left parenthesis"],
    ['a{b="c"', "1:8: parse error: unexpected end of input inside braces"],
    ["foo(a)", '1:1: parse error: unknown function with name "foo"'],
    ["1 +\n foo(a)", '2:2: parse error: unknown function with name "foo"'],
    [
      "rate(a)",
      '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
    ],
    ["rate(a[5m], 1)", '1:1: parse error: expected 1 argument(s) in call to "rate", got 2'],
    ["round()", '1:1: parse error: expected at least 1 argument(s) in call to "round", got 0'],
    [
      "sum(a[5m])",
      "1:5: parse error: expected type instant vector in aggregation expression, got range vector",
    ],
    [
      "topk(a)",
      "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1",
    ],
    ["sum()", "1:1: parse error: no arguments for aggregate expression provided"],
    ['a{b=~"("}', "1:3: parse error: error parsing regexp: Unterminated group: `(`"],
    ['a{b=~"(?!x)"}', "1:3: parse error: error parsing regexp: invalid or unsupported Perl syntax: `(?!x)`"],
    ['{a=""}', "1:1: parse error: vector selector must contain at least one non-empty matcher"],
    ["1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier"],
    ["a + bool b", "1:1: parse error: bool modifier can only be used on comparison operators"],
    ["a and 1", '1:1: parse error: set operator "and" not allowed in binary scalar expression'],
    ["a and on(x) group_left b", '1:1: parse error: no grouping allowed for "and" operation'],
    [
      "a * on(x) group_left(x) b",
      '1:1: parse error: label "x" must not occur in ON and GROUP clause at once',
    ],
    ["a[0s]", "1:3: parse error: duration must be greater than 0"],
    ["a[5m + 1m]", "1:3: parse error: experimental duration expression is not enabled"],
    ["limitk(1, a)", "1:1: parse error: limitk() is experimental and must be enabled"],
    ["(a)[5m]", "1:4: parse error: ranges only allowed for vector selectors"],
    ['a{__name__="b"}', '1:1: parse error: metric name must not be set twice: "a" or "b"'],
    ["$a", "1:1: parse error: unexpected character: '$'"],
  ])("refuses %j", (query, expected) => {
    expect(message(query)).toBe(expected);
  });
});
