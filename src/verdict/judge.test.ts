import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ArmCounts, EvidenceRow, OwnMetricSample } from "../api/evidence.ts";
import { analysisSchema } from "../api/spec-analysis.ts";
import {
  assess,
  beginJudge,
  enterPosition,
  type JudgeSettings,
  type JudgeState,
  judgeSettings,
  observeRow,
  type Position,
  type Verdict,
} from "./judge.ts";

const INTERVAL_MS = 15_000;

function settings(analysis: unknown = {}): JudgeSettings {
  return judgeSettings(analysisSchema.parse(analysis));
}

/** An arm whose requests fail and are slow at given rates, without noise: `index` spreads fractions over rows. */
function arm(requests: number, rates: { errors?: number; slow?: number }, index: number): ArmCounts {
  const spread = (rate: number): number =>
    Math.floor(requests * rate * (index + 1)) - Math.floor(requests * rate * index);
  const slow = spread(rates.slow ?? 0.005);
  return {
    requests,
    errors: spread(rates.errors ?? 0),
    latencyMs: {
      "10": Math.floor(requests * 0.5),
      "50": requests - slow - Math.floor(requests * 0.05),
      "100": requests - slow,
      "250": requests,
      "+Inf": requests,
    },
  };
}

interface Story {
  readonly rows: number;
  readonly canary?: { errors?: number; slow?: number };
  readonly primary?: { errors?: number; slow?: number };
  readonly requests?: number;
  readonly own?: (index: number) => Readonly<Record<string, OwnMetricSample>>;
  /** Rows from here on say nothing. */
  readonly silentFrom?: number;
}

function rowsOf({ rows, canary = {}, primary = {}, requests = 150, own, silentFrom }: Story): EvidenceRow[] {
  return Array.from({ length: rows }, (_, index) => {
    const endMs = (index + 1) * INTERVAL_MS;
    if (silentFrom !== undefined && index >= silentFrom) {
      return { endMs, canary: null, primary: null, own: {}, error: "HTTP 503" };
    }
    return {
      endMs,
      canary: arm(requests, canary, index),
      primary: arm(9 * requests, primary, index),
      own: own?.(index) ?? {},
    };
  });
}

const FIRST: Position = { kind: "step", index: 0, weight: 10, sinceMs: 0 };

function begun(analysis: unknown = {}): JudgeState {
  return enterPosition(beginJudge(settings(analysis)), FIRST);
}

function judged(rows: readonly EvidenceRow[], analysis: unknown = {}): Verdict {
  const state = rows.reduce(observeRow, begun(analysis));
  return assess(state, rows.at(-1)?.endMs ?? 0);
}

describe("a verdict", () => {
  it("passes a canary that does as its primary does", () => {
    const verdict = judged(rowsOf({ rows: 12, canary: { errors: 0.001 }, primary: { errors: 0.001 } }));
    expect(verdict).toMatchObject({ result: "pass", act: null, metric: null });
    expect(verdict.reason).toContain("of 1,800 requests succeeded");
  });

  it("fails a canary that breaks a third of its requests within 30 s, warm-up or not", () => {
    const verdict = judged(rowsOf({ rows: 2, canary: { errors: 0.3 }, primary: { errors: 0.001 } }));
    expect(verdict).toMatchObject({ result: "fail", act: "rollback", metric: "success-rate" });
    expect(verdict.reason).toContain("(90/300)");
  });

  it("fails a tenfold error rate, and says so with the numbers", () => {
    const verdict = judged(rowsOf({ rows: 24, canary: { errors: 0.01 }, primary: { errors: 0.001 } }));
    expect(verdict).toMatchObject({ result: "fail", metric: "success-rate" });
    expect(verdict.reason).toMatch(
      /canary 1 % \(\d+\/[\d,]+\) vs primary 0.1 % \(\d+\/[\d,]+\), ratio above 1.5/,
    );
  });

  it("gives the numbers since a late regression began, not those of the whole run", () => {
    const good = rowsOf({ rows: 40, canary: { errors: 0.001 }, primary: { errors: 0.001 } });
    const bad = rowsOf({ rows: 80, canary: { errors: 0.02 }, primary: { errors: 0.001 } }).slice(40);
    const verdict = judged([...good, ...bad]);
    expect(verdict.result).toBe("fail");
    const share = Number(/canary ([\d.]+) %/.exec(verdict.reason)?.[1]);
    expect(share).toBeGreaterThan(1.5);
  });

  it("fails a slow tail by its share beyond a bound", () => {
    const verdict = judged(rowsOf({ rows: 30, canary: { slow: 0.03 }, primary: { slow: 0.005 } }));
    expect(verdict).toMatchObject({ result: "fail", metric: "latency" });
    expect(verdict.reason).toContain("slower than 100 ms: canary");
  });

  it("does not fail a worsening inside the minimum effect", () => {
    const rows = rowsOf({
      rows: 120,
      canary: { errors: 0.0013 },
      primary: { errors: 0.001 },
      requests: 1_500,
    });
    expect(judged(rows).result).toBe("pass");
  });

  it("does not fail what the user allows, however much it is", () => {
    const rows = rowsOf({ rows: 60, canary: { errors: 0.08 }, primary: { errors: 0.05 }, requests: 1_500 });
    const allowed = { metrics: [{ name: "success-rate", baseline: { minDelta: 5 } }] };
    expect(judged(rows, allowed).result).toBe("pass");
    const much = rowsOf({ rows: 60, canary: { errors: 0.04 }, requests: 1_500 });
    expect(judged(much, allowed).result).toBe("pass");
    expect(judged(much).result).toBe("fail");
  });

  it("never passes below the least number of requests, and says how long it will take", () => {
    const verdict = judged(rowsOf({ rows: 12, requests: 5 }));
    expect(verdict.result).toBe("inconclusive");
    expect(verdict.reason).toContain("60 of 100 requests");
    expect(verdict.missingForMs).toBe(120_000);
  });

  it("never passes on the warm-up alone", () => {
    const verdict = judged(rowsOf({ rows: 6, requests: 1_000 }));
    expect(verdict).toMatchObject({ result: "inconclusive", missingForMs: 60_000 });
    expect(verdict.reason).toContain("warming up");
  });

  it("is inconclusive once the primary's data are five minutes old, naming when they ended", () => {
    const rows = rowsOf({ rows: 40 }).map((row, i) => (i < 12 ? row : { ...row, primary: null }));
    const verdict = judged(rows);
    expect(verdict.result).toBe("inconclusive");
    expect(verdict.reason).toContain("no primary data since 00:03 UTC");
  });

  it("asks for a pause when the source has failed for too long, never for a rollback", () => {
    const verdict = judged(rowsOf({ rows: 40, silentFrom: 12 }));
    expect(verdict).toMatchObject({ result: "inconclusive", act: "pause" });
    expect(verdict.reason).toContain("28 intervals: HTTP 503");
  });

  it("does not blame a canary for its cold start once that is over", () => {
    const warm = rowsOf({ rows: 60, canary: { errors: 0.001 }, primary: { errors: 0.001 } });
    const cold = rowsOf({ rows: 5, canary: { errors: 0.02 }, primary: { errors: 0.001 } });
    expect(judged([...cold, ...warm.slice(5)]).result).toBe("pass");
  });
});

describe("positions", () => {
  const rows = rowsOf({ rows: 12 });

  it("count their own requests", () => {
    const state = enterPosition(rows.reduce(observeRow, begun()), {
      kind: "step",
      index: 1,
      weight: 25,
      sinceMs: 180_000,
    });
    const verdict = assess(state, 180_000);
    expect(verdict.canary.requests).toBe(0);
    expect(verdict).toMatchObject({ result: "inconclusive" });
  });

  it("may be entered again without effect, and older ones too", () => {
    const state = rows.reduce(observeRow, begun());
    expect(enterPosition(state, FIRST)).toBe(state);
    expect(enterPosition(state, { ...FIRST, index: 3, sinceMs: -1 })).toBe(state);
  });

  it("keep evidence from step to step, but not from mirrored to live requests", () => {
    const bad = rowsOf({ rows: 9, canary: { errors: 0.01 }, primary: { errors: 0.001 } });
    const evidenceAfter = (kind: "shadow" | "step"): number => {
      const from = enterPosition(beginJudge(settings()), { ...FIRST, kind });
      const next: Position = { kind: "step", index: 1, weight: 25, sinceMs: 135_000 };
      const state = enterPosition(bad.reduce(observeRow, from), next);
      const [metric] = state.metrics;
      return metric?.kind === "success-rate" ? metric.run.canary.total : -1;
    };
    expect(evidenceAfter("step")).toBe(9 * 150);
    expect(evidenceAfter("shadow")).toBe(0);
  });
});

describe("limits", () => {
  const floor = { metrics: [{ name: "success-rate", min: 99 }] };

  it("fail a rate that is below the minimum beyond doubt, without any primary", () => {
    const rows = rowsOf({ rows: 14, canary: { errors: 0.03 } }).map((row) => ({
      ...row,
      primary: row.primary,
    }));
    const verdict = judged(rows, floor);
    expect(verdict).toMatchObject({ result: "fail", metric: "success-rate" });
    expect(verdict.reason).toContain("is below 99 %");
  });

  it("hold a rate that is below by chance for undecided, not for failed", () => {
    const rows = rowsOf({ rows: 12, canary: { errors: 0.011 } });
    expect(judged(rows, floor)).toMatchObject({ result: "inconclusive", metric: "success-rate" });
  });

  it("fail a percentile by the share of requests beyond the limit", () => {
    const analysis = { metrics: [{ name: "latency", percentile: 99, max: "100ms" }] };
    expect(judged(rowsOf({ rows: 14, canary: { slow: 0.05 } }), analysis).result).toBe("fail");
    expect(judged(rowsOf({ rows: 14, canary: { slow: 0.005 } }), analysis).result).toBe("pass");
  });

  it("of an own metric fail only when most of a window is beyond them", () => {
    const analysis = { metrics: [{ name: "queue", query: "q", max: 100 }] };
    const story = (value: (index: number) => number): Verdict =>
      judged(rowsOf({ rows: 20, own: (i) => ({ queue: { canary: value(i), primary: null } }) }), analysis);
    expect(story((i) => (i % 4 === 0 ? 500 : 10)).result).not.toBe("fail");
    expect(story(() => 120)).toMatchObject({ result: "fail", metric: "queue" });
    expect(story(() => 99).result).toBe("pass");
  });

  it("of an own metric without data never pass", () => {
    const analysis = { metrics: [{ name: "queue", query: "q", max: 100 }] };
    const own = { queue: { canary: null, primary: null, error: "3 series, want one" } };
    expect(judged(rowsOf({ rows: 20, own: () => own }), analysis)).toMatchObject({
      result: "inconclusive",
      reason: "3 series, want one",
    });
  });
});

describe("an own metric with a baseline", () => {
  const analysis = { metrics: [{ name: "cpu", query: "q", baseline: {} }] };
  const story = (canary: (index: number) => number): Verdict =>
    judged(
      rowsOf({ rows: 60, own: (i) => ({ cpu: { canary: canary(i), primary: 1 + (i % 3) / 10 } }) }),
      analysis,
    );

  it("fails when it stays beyond the margin", () => {
    expect(story(() => 3)).toMatchObject({ result: "fail", metric: "cpu" });
  });

  it("passes inside the margin, and with a few samples beyond it", () => {
    expect(story(() => 1.8).result).toBe("pass");
    expect(story((i) => (i % 7 === 0 ? 9 : 1)).result).toBe("pass");
  });
});

describe("onFail", () => {
  const failing = rowsOf({ rows: 24, canary: { errors: 0.01 }, primary: { errors: 0.001 } });
  const metrics = (onFail: string): unknown => ({
    metrics: [
      { name: "success-rate", baseline: {}, onFail },
      { name: "latency", baseline: {} },
    ],
  });

  it("pause pauses", () => {
    expect(judged(failing, metrics("pause"))).toMatchObject({ result: "fail", act: "pause" });
  });

  it("warn only tells", () => {
    const verdict = judged(failing, metrics("warn"));
    expect(verdict.result).toBe("pass");
    expect(verdict.metrics[0]).toMatchObject({ result: "fail", onFail: "warn" });
  });
});

/** Arbitrary evidence: silence, gaps and failures included. */
const anyArm = fc.option(
  fc
    .record({ requests: fc.nat(400), share: fc.double({ min: 0, max: 1, noNaN: true }), slow: fc.nat(20) })
    .map(({ requests, share, slow }): ArmCounts => {
      const late = Math.min(requests, slow);
      return {
        requests,
        errors: Math.floor(requests * share * share * share),
        latencyMs: { "50": requests - late, "100": requests - Math.floor(late / 2), "+Inf": requests },
      };
    }),
  { freq: 6, nil: null },
);

const anyRows = fc
  .array(fc.record({ canary: anyArm, primary: anyArm }), { minLength: 1, maxLength: 25 })
  .map((list) => list.map((row, i): EvidenceRow => ({ ...row, endMs: (i + 1) * INTERVAL_MS, own: {} })));

describe("whatever the evidence", () => {
  const verdictOn = (rows: readonly EvidenceRow[]): Verdict =>
    assess(rows.reduce(observeRow, begun()), rows.length * INTERVAL_MS);

  it("the same rows give the same verdict, in one go or with repetitions and restarts", () => {
    fc.assert(
      fc.property(anyRows, fc.nat(24), (rows, cut) => {
        const once = verdictOn(rows);
        const part = rows.slice(0, cut).reduce(observeRow, begun());
        const again = [...rows.slice(0, cut), ...rows].reduce(
          (state, row) => enterPosition(observeRow(state, row), FIRST),
          part,
        );
        expect(assess(again, rows.length * INTERVAL_MS)).toEqual(once);
      }),
      { numRuns: 30 },
    );
  });

  it("intervals without data, or without one arm, change neither failure nor suspicion", () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const last = rows.at(-1)?.endMs ?? 0;
        const state = rows.reduce(observeRow, begun());
        const silent: EvidenceRow = { endMs: last + INTERVAL_MS, canary: null, primary: null, own: {} };
        const failed = (s: JudgeState): boolean => s.metrics.some((metric) => metric.failure !== null);
        const later = observeRow(state, silent);
        expect(failed(later)).toBe(failed(state));
        if (assess(state, last).result !== "pass") expect(assess(later, last).result).not.toBe("pass");
      }),
      { numRuns: 30 },
    );
  });

  it("it does not matter when a run takes place, nor in which order metrics are listed", () => {
    const reversed = {
      metrics: [
        { name: "latency", baseline: {} },
        { name: "success-rate", baseline: {} },
      ],
    };
    fc.assert(
      fc.property(anyRows, fc.integer({ min: 1, max: 1e6 }), (rows, shift) => {
        const shiftMs = shift * INTERVAL_MS;
        const moved = rows.map((row) => ({ ...row, endMs: row.endMs + shiftMs }));
        const from = enterPosition(beginJudge(settings(reversed)), { ...FIRST, sinceMs: shiftMs });
        const verdict = assess(moved.reduce(observeRow, from), rows.length * INTERVAL_MS + shiftMs);
        const base = verdictOn(rows);
        expect(verdict.result).toBe(base.result);
        expect(verdict.canary).toEqual(base.canary);
      }),
      { numRuns: 30 },
    );
  });

  it("a source that has failed since the start neither fails nor passes a run", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (length) => {
        const verdict = verdictOn(rowsOf({ rows: length, silentFrom: 0 }));
        expect(verdict.result).toBe("inconclusive");
        expect(verdict.act).not.toBe("rollback");
      }),
    );
  });

  it("what was folded in is never changed", () => {
    const rows = rowsOf({ rows: 8, canary: { errors: 0.02 } });
    const state = rows.slice(0, 7).reduce(observeRow, begun());
    const before = structuredClone(state.metrics);
    observeRow(state, rows[7] as EvidenceRow);
    expect(state.metrics).toEqual(before);
  });
});
