import { describe, expect, it } from "vitest";
import type { ArmCounts, EvidenceRow } from "../api/evidence.ts";
import { rolloutSpecSchema } from "../api/spec.ts";
import { recordedRows } from "../app/backtest.ts";
import type { EvidenceQuery } from "../metrics/metrics.ts";
import { releasesIn } from "./observed-weights.ts";

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

function rowsOf(shares: readonly (number | null)[], requests = 100): EvidenceRow[] {
  return shares.map((share, i) =>
    row(
      i,
      share === null ? null : (share * requests) / 100,
      share === null ? requests : ((100 - share) * requests) / 100,
    ),
  );
}

describe("releases told from recorded traffic", () => {
  it("have the plan's weights nearest to the canary's share, which only rise", () => {
    const [release = []] = releasesIn(
      rowsOf([null, 0, 5, 5, 6, 4, 24, 26, 25, 24, 12, 25], 1_000),
      [5, 25, 50],
    );
    const weights = release.map((each) => each.weight);
    expect(weights.slice(0, 6)).toEqual([null, null, 5, 5, 5, 5]);
    expect(weights.at(-1)).toBe(25);
    expect(weights.slice(2)).toEqual([...weights.slice(2)].sort((a, b) => Number(a) - Number(b)));
  });

  it("are not misled by the few requests of a quiet service", () => {
    const quiet = [row(0, 1, 2), ...Array.from({ length: 30 }, (_, i) => row(i + 1, 0, 2)), row(31, 1, 2)];
    const [release = []] = releasesIn(quiet, [5, 50]);
    expect(release).toHaveLength(32);
    expect(release.at(-1)?.weight).toBe(5);
  });

  it("begin with the canary's first request, half an hour of history before it", () => {
    const [release = []] = releasesIn(rowsOf([...Array<null>(300).fill(null), 10, 10, 10, 10]), [10]);
    expect(release.filter((each) => each.canary === null)).toHaveLength(120);
    expect(release).toHaveLength(124);
  });

  it("end when the canary has been silent for long enough to be sure", () => {
    const ten = Array<number>(8).fill(10);
    const found = releasesIn(rowsOf([null, ...ten, ...Array<null>(6).fill(null), ...ten, 0, 0, 10, 0]), [10]);
    expect(found.map((release) => release.filter((each) => each.weight !== null).length)).toEqual([8, 11]);
    expect(found[1]?.filter((each) => each.weight === null)).toHaveLength(15);
  });

  it("go on through an outage of the source, and to its end", () => {
    const dark: EvidenceRow = { ...row(9, null, 0), primary: null, error: "HTTP 503" };
    const ten = rowsOf(Array<number>(8).fill(10));
    const [release = [], ...others] = releasesIn([...ten, dark, dark, dark, dark, dark, ...ten, dark], [10]);
    expect(release).toHaveLength(22);
    expect(others).toEqual([]);
  });

  it("are not the moments in which traffic moves from the target to the primary", () => {
    const silent = Array<null>(6).fill(null);
    const found = releasesIn(rowsOf([100, 60, 30, ...silent, 10, 10, 10, 10, 10]), [10]);
    expect(found).toHaveLength(1);
    expect(found[0]?.filter((each) => each.weight !== null)).toHaveLength(5);
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
