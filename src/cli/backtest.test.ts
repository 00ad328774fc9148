import { describe, expect, it } from "vitest";
import type { ArmCounts, EvidenceRow } from "../api/evidence.ts";
import { rolloutSpecSchema } from "../api/spec.ts";
import { recordedRows } from "../app/backtest.ts";
import type { EvidenceQuery } from "../metrics/metrics.ts";
import { withObservedWeights } from "./observed-weights.ts";

function arm(requests: number): ArmCounts {
  return { requests, errors: 0, latencyMs: null };
}

function row(index: number, canary: number | null, primary: number): EvidenceRow {
  return {
    endMs: index * 15_000,
    canary: canary === null ? null : arm(canary),
    primary: arm(primary),
    own: {},
  };
}

describe("weights told from recorded traffic", () => {
  it("are the plan's nearest to the canary's share, and only rise", () => {
    const shares = [null, 0, 5, 5, 6, 4, 24, 26, 25, 24, 12, 25];
    const rows = shares.map((share, i) => row(i, share, share === null ? 100 : 100 - share));
    const weights = withObservedWeights(rows, [5, 25, 50]).map((each) => each.weight);
    expect(weights.slice(0, 6)).toEqual([null, null, 5, 5, 5, 5]);
    expect(weights.at(-1)).toBe(25);
    expect(weights.slice(2)).toEqual([...weights.slice(2)].sort((a, b) => Number(a) - Number(b)));
  });

  it("take what came before the canary's first request for history", () => {
    const rows = withObservedWeights([row(1, 0, 100), row(2, 10, 90)], [10]);
    expect(rows.map((each) => each.canary === null)).toEqual([true, false]);
  });
});

describe("recorded rows", () => {
  const spec = rolloutSpecSchema.parse({
    targetRef: { name: "checkout" },
    service: { port: 80 },
    traffic: { istio: { hosts: ["checkout"] } },
    steps: [{ weight: 10 }],
  });
  const rollout = {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "Rollout",
    metadata: { name: "checkout", namespace: "shop" },
    spec,
  };

  it("are asked for in portions on the interval's grid, without gap or overlap", async () => {
    const asked: EvidenceQuery[] = [];
    const source = {
      fetch: async (query: EvidenceQuery): Promise<readonly EvidenceRow[]> => {
        asked.push(query);
        return [];
      },
    };
    await recordedRows(source, { rollout, fromMs: 7_000, toMs: 15_000 * 2_500 + 1, primary: "old" });
    expect(asked.map(({ fromMs, toMs }) => [fromMs / 15_000, toMs / 15_000])).toEqual([
      [1, 1_000],
      [1_001, 2_000],
      [2_001, 2_500],
    ]);
    expect(asked[0]).toMatchObject({ canary: { workload: "checkout" }, primary: { workload: "old" } });
  });
});
