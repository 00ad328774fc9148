import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalQuantity, quantityValue } from "./quantity.ts";

const CANONICAL: Readonly<Record<string, string | undefined>> = {
  "0.5": "500m",
  "1000m": "1",
  "1500m": "1500m",
  "100": "100",
  "1000": "1k",
  "1024Mi": "1Gi",
  "1.5Gi": "1536Mi",
  "0": "0",
  "1e3": "1e3",
  "-1.5": "-1500m",
  "": undefined,
  abc: undefined,
  "1Kb": undefined,
};

describe("a quantity", () => {
  for (const [text, canonical] of Object.entries(CANONICAL)) {
    it(`'${text}' is written back as ${canonical ?? "an error"}`, () => {
      expect(canonicalQuantity(text)).toBe(canonical);
    });
  }

  it("means the same number in its canonical form, which stays as it is", () => {
    const text = fc
      .tuple(fc.integer({ min: 0, max: 99_999 }), fc.constantFrom("m", "", "k", "M", "Ki", "Mi", "Gi"))
      .map(([number, suffix]) => `${number}${suffix}`);
    fc.assert(
      fc.property(text, (written) => {
        const canonical = canonicalQuantity(written) ?? "";
        expect(quantityValue(canonical)).toBeCloseTo(quantityValue(written), 6);
        expect(canonicalQuantity(canonical)).toBe(canonical);
      }),
    );
  });
});
