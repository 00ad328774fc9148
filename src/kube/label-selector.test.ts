import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesLabels, parseSelector, requirementsOf, selectorText } from "./label-selector.ts";

describe("label selectors", () => {
  it.each([
    ["", {}, true],
    ["app=checkout", { app: "checkout" }, true],
    ["app==checkout", { app: "cart" }, false],
    ["app!=checkout", {}, true],
    ["app!=checkout", { app: "checkout" }, false],
    ["tier in (front, back)", { tier: "back" }, true],
    ["tier in (front,back)", {}, false],
    ["tier notin (front),app", { tier: "back", app: "" }, true],
    ["tier notin (front)", {}, true],
    ["example.com/part-of", { "example.com/part-of": "x" }, true],
    ["!legacy, app=checkout", { app: "checkout" }, true],
    ["!legacy", { legacy: "" }, false],
    ["constructor", {}, false],
    ["empty=", { empty: "" }, true],
  ])("`%s` on %j is %s", (text, labels, expected) => {
    expect(matchesLabels(parseSelector(text)!, labels)).toBe(expected);
  });

  it.each(["app in x", "=x", "a=b=c", "a in (b", "!", "a b", "(a)", "app notin ()x"])(
    "`%s` is not a selector",
    (text) => {
      expect(parseSelector(text)).toBeNull();
    },
  );

  it("reads back what it writes", () => {
    const name = fc.stringMatching(/^[a-z]{1,5}$/);
    const values = fc.array(name, { minLength: 1, maxLength: 3 });
    const expression = fc.oneof(
      fc.record({ key: name, operator: fc.constantFrom("In" as const, "NotIn" as const), values }),
      fc.record({ key: name, operator: fc.constantFrom("Exists" as const, "DoesNotExist" as const) }),
    );
    const selector = fc.record({
      matchLabels: fc.dictionary(name, name, { maxKeys: 3, noNullPrototype: true }),
      matchExpressions: fc.array(expression, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(selector, (value) => {
        expect(parseSelector(selectorText(value))).toEqual(requirementsOf(value));
      }),
    );
  });
});
