import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderQuery, templateProblems } from "./query-template.ts";

const known =
  "{{ target }}, {{ namespace }}, {{ canary }}, {{ primary }}, {{ name }}, {{ service }}, {{ interval }}";

describe("templateProblems", () => {
  it.each([
    ['sum(rate(x{w="{{ target }}",n="{{namespace}}"}[{{ interval }}]))', []],
    ["max(queue_depth)", []],
    ["x{{ .target }}", [`unknown variable {{ .target }} in the query; known are ${known}`]],
    [
      "{{ foo }} + {{ }}",
      [
        `unknown variable {{ foo }} in the query; known are ${known}`,
        `unknown variable {{ }} in the query; known are ${known}`,
      ],
    ],
    ['x{a="{{ target }"}', ["the query has a {{ without its }}"]],
    ["{{ toString }}", [`unknown variable {{ toString }} in the query; known are ${known}`]],
  ])("%s", (query, problems) => {
    expect(templateProblems(query)).toEqual(problems);
  });
});

describe("renderQuery", () => {
  it("replaces every variable", () => {
    const template = "rate(x{w=\"{{ target }}\"}[{{ interval }}]) / on() y{w='{{target}}'}";
    expect(renderQuery(template, { target: "checkout", interval: "15s" })).toEqual({
      query: "rate(x{w=\"checkout\"}[15s]) / on() y{w='checkout'}",
    });
  });

  it.each([
    ['x{a="{{ target }}"}', 'a"} or vector(1) #', String.raw`x{a="a\"} or vector(1) #"}`],
    ["x{a='{{ target }}'}", "it's\\", String.raw`x{a='it\'s\\'}`],
    ['x{a="\\"{{ target }}"}', "b\nc", String.raw`x{a="\"b\nc"}`],
    ['x # it\'s "\n + y{a="{{ target }}"}', '"', `x # it's "\n + y{a="\\""}`],
    ["x{a=`{{ target }}`}", 'a"b\\', 'x{a=`a"b\\`}'],
  ])("keeps a value inside its string: %s", (template, target, query) => {
    expect(renderQuery(template, { target })).toEqual({ query });
  });

  it.each([
    ["x{a=`{{ target }}`}", "a`"],
    ["x + {{ target }}", "y or vector(1)"],
    ["x[{{ target }}]", '"'],
  ])("refuses a value that would change the query: %s with %j", (template, target) => {
    expect(renderQuery(template, { target })).toEqual({
      problem: "the value of {{ target }} cannot stand where the query has it",
    });
  });

  it("refuses a variable without a value", () => {
    expect(renderQuery("{{ name }}", {})).toEqual({ problem: "unknown variable {{ name }} in the query" });
    expect(renderQuery("{{ toString }}", {})).toEqual({
      problem: "unknown variable {{ toString }} in the query",
    });
  });

  it("never lets a value end the string that it stands in", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('"', "'"), (target, quote) => {
        const rendered = renderQuery(`x{a=${quote}{{ target }}${quote}}`, { target });
        const body = "query" in rendered ? rendered.query.slice(5, -2) : "";
        const ends = body.replaceAll(/\\./gs, "").includes(quote);
        expect([ends, body.includes("\n"), /(^|[^\\])(\\\\)*\\$/.test(body)]).toEqual([false, false, false]);
      }),
    );
  });
});
