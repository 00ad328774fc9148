import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { confidenceOf, confidenceText } from "./confidence.ts";

const text = (evidence: number, needed: number) => {
  const confidence = confidenceOf([{ evidence: Math.log(evidence), needed: Math.log(needed) }]);
  return confidence === null ? null : confidenceText(confidence);
};

describe("confidence", () => {
  test("is none where nothing speaks against the canary, and is told beside the level that fails", () => {
    expect(text(0, 400)).toBe("none, fails at 99.7 %");
    expect(text(0.2, 400)).toBe("none, fails at 99.7 %");
    expect(text(2, 2_000)).toBe("50 %, fails at 99.95 %");
    expect(text(20, 2_000)).toBe("95 %, fails at 99.95 %");
  });

  test("is that of the test nearest to failing, and not of one that is not made", () => {
    const tests = [
      { evidence: Math.log(5), needed: Math.log(1_000) },
      { evidence: Math.log(4), needed: Math.log(10) },
      { evidence: 3, needed: Number.POSITIVE_INFINITY },
    ];
    const nearest = confidenceOf(tests);
    expect(nearest?.level).toBeCloseTo(0.75);
    expect(nearest?.failsAt).toBeCloseTo(0.9);
    expect(confidenceOf([{ evidence: 3, needed: Number.POSITIVE_INFINITY }])).toBeNull();
  });

  test("never reads 100 %, and rises with the evidence", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 700, noNaN: true }), (evidence) => {
        const confidence = confidenceOf([{ evidence, needed: 7 }]);
        expect(confidenceText(confidence ?? { level: 1, failsAt: 1 })).not.toMatch(/\b100/);
        const more = confidenceOf([{ evidence: evidence + 1, needed: 7 }]);
        expect(more?.level).toBeGreaterThanOrEqual(confidence?.level ?? 2);
      }),
    );
  });
});
