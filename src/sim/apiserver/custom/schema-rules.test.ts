import { describe, expect, it } from "vitest";
import type { JsonSchema, ValidationRule } from "./json-schema.ts";
import { SchemaRules } from "./schema-rules.ts";

const SCHEMA: JsonSchema = {
  type: "object",
  properties: {
    steps: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: {
        type: "object",
        properties: { name: { type: "string" }, weight: { type: "integer" }, share: { type: "number" } },
      },
    },
    until: { type: "string", format: "date-time" },
    "max-weight": { type: "integer" },
    size: { type: "string" },
    labels: { type: "object", additionalProperties: { type: "string" } },
  },
};

const VALUE = {
  steps: [
    { name: "a", weight: 5, share: 0.5 },
    { name: "b", weight: 20, share: 1 },
  ],
  until: "2026-01-01T00:00:00Z",
  "max-weight": 20,
  size: "1Gi",
  labels: { "a/b": "c" },
};

function errors(rule: ValidationRule, value: unknown = VALUE, old?: unknown) {
  return new SchemaRules({ ...SCHEMA, "x-kubernetes-validations": [rule] }).errors(value, old);
}

/** Rules as they are written for real resources. */
const HOLDS = [
  "self.steps.all(s, s.weight <= self.max__dash__weight)",
  "self.steps.map(s, s.weight).isSorted()",
  "self.steps.map(s, s.weight).sum() == 25",
  "self.steps.map(s, s.weight).max() == 20 && self.steps.map(s, s.weight).min() == 5",
  "self.steps.map(s, s.name).indexOf('b') == 1",
  "self.steps.filter(s, s.weight > 10).size() == 1",
  "self.steps.exists_one(s, s.name == 'a')",
  "self.steps.all(s, s.share <= 1.0)",
  "self.until > timestamp('2025-01-01T00:00:00Z')",
  "!has(self.missing)",
  "'a/b' in self.labels && self.labels['a/b'] == 'c'",
  "self.size.matches('^[0-9]+Gi$')",
  "quantity(self.size).isGreaterThan(quantity('100Mi'))",
  "url('https://example.com:8080/x').getHost() == 'example.com:8080'",
  "self.size.replace('Gi', 'Mi') == '1Mi'",
  "self.size.find('[0-9]+') == '1'",
];

describe("validation rules", () => {
  for (const rule of HOLDS) {
    it(`hold: ${rule}`, () => {
      expect(errors({ rule })).toEqual([]);
      expect(errors({ rule: `!(${rule})` })).toHaveLength(1);
    });
  }

  it("say where and why they do not hold", () => {
    expect(errors({ rule: "false", message: "no", fieldPath: ".steps" })).toEqual([
      { reason: "FieldValueInvalid", field: "steps", body: "Invalid value: no" },
    ]);
    expect(
      errors({ rule: "false", messageExpression: "'max is ' + string(self.max__dash__weight)" })[0]?.body,
    ).toBe("Invalid value: max is 20");
    expect(errors({ rule: "false", reason: "FieldValueForbidden" })[0]).toMatchObject({
      reason: "FieldValueForbidden",
      body: "Forbidden: failed rule: false",
    });
  });

  it("that mention oldSelf are asked on updates alone", () => {
    const rule = { rule: "self.size == oldSelf.size", message: "fixed" };
    expect(errors(rule)).toEqual([]);
    expect(errors(rule, VALUE, { ...VALUE, size: "2Gi" })).toHaveLength(1);
    expect(errors(rule, VALUE, VALUE)).toEqual([]);
  });

  it("are not asked again about what an update leaves as it was", () => {
    expect(errors({ rule: "false" }, VALUE, structuredClone(VALUE))).toEqual([]);
    expect(errors({ rule: "false" }, VALUE, { ...VALUE, size: "2Gi" })).toHaveLength(1);
  });

  it("in list elements compare an element with the old one of the same key", () => {
    const items = { ...SCHEMA.properties?.["steps"]?.items };
    const rules = new SchemaRules({
      type: "object",
      properties: {
        steps: {
          ...SCHEMA.properties?.["steps"],
          items: { ...items, "x-kubernetes-validations": [{ rule: "self.weight >= oldSelf.weight" }] },
        },
      },
    });
    const old = {
      steps: [
        { name: "b", weight: 30 },
        { name: "a", weight: 1 },
      ],
    };
    expect(rules.errors(VALUE, old).map(({ field }) => field)).toEqual(["steps[1]"]);
  });
});
