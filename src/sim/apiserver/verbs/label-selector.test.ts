import { describe, expect, it } from "vitest";
import { parseLabelSelector } from "./label-selector.ts";

const OBJECTS = {
  front: { app: "a", tier: "front", weight: "10" },
  back: { app: "a", tier: "back" },
  other: { app: "b" },
  bare: {},
};

const SELECTED: Readonly<Record<string, readonly string[]>> = {
  "": ["front", "back", "other", "bare"],
  "app=a": ["front", "back"],
  "app==a,tier=back": ["back"],
  "app!=a": ["other", "bare"],
  "app in (a, b)": ["front", "back", "other"],
  "tier notin (back)": ["front", "other", "bare"],
  tier: ["front", "back"],
  "!tier": ["other", "bare"],
  "app in (b),!tier": ["other"],
  "weight>5": ["front"],
  "weight<5": [],
  "app=": [],
};

describe("a label selector", () => {
  for (const [text, names] of Object.entries(SELECTED)) {
    it(`'${text}' selects ${names.join(", ") || "nothing"}`, () => {
      const matches = parseLabelSelector(text);
      expect(
        Object.entries(OBJECTS)
          .filter(([, labels]) => matches(labels))
          .map(([name]) => name),
      ).toEqual(names);
    });
  }

  for (const text of ["app in a", "a b=c", "app in (a", "=x", "app=a,", "-x=1", "app=!", "a>x"]) {
    it(`'${text}' is refused`, () => {
      expect(() => parseLabelSelector(text)).toThrow(expect.objectContaining({ code: 400 }));
    });
  }
});
