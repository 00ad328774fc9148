import { expect, test } from "vitest";
import { aSpec, served } from "../../test/support/core-world.ts";
import type { EvidenceRow } from "../api/evidence.ts";
import type { RunStatus } from "../api/status.ts";
import { isoTimeMs } from "../lib/time.ts";
import { foldEvidence, verdictOf } from "./judging.ts";

const START_MS = 1_767_603_600_000;
const INTERVAL_MS = 15_000;

function runAt(stepSinceMs: number): RunStatus {
  const since = isoTimeMs(stepSinceMs);
  return {
    id: 2,
    revision: "v3",
    images: ["shop/checkout:v3"],
    startedAt: since,
    stage: "Step",
    stageSince: since,
    stepIndex: 0,
    steps: 1,
    positions: [{ kind: "step", index: 0, weight: 10, since }],
    weight: 10,
    maxWeight: 10,
    shadowPercent: 0,
    canaryReplicas: 3,
    primaryReplicas: 3,
    spec: aSpec(),
  };
}

function row(index: number, canary: EvidenceRow["canary"]): EvidenceRow {
  return { endMs: START_MS + index * INTERVAL_MS, canary, primary: served(900, 1), own: {} };
}

const failing = Array.from({ length: 20 }, (_, index) => row(index, served(100, 60)));
const healthy = Array.from({ length: 20 }, (_, index) => row(20 + index, served(100)));
const run = runAt(START_MS + 19 * INTERVAL_MS);

test("what an earlier run's canary did is not held against this one", () => {
  const judge = foldEvidence(null, run, [...failing, ...healthy]);
  expect(verdictOf(judge, START_MS + 40 * INTERVAL_MS).result).toBe("pass");
});

test("the same rows give the same verdict, folded at once or one by one", () => {
  const rows = [...failing, ...healthy];
  const atOnce = foldEvidence(null, run, rows);
  const oneByOne = rows.reduce<ReturnType<typeof foldEvidence> | null>(
    (judge, each) => foldEvidence(judge, run, [each]),
    null,
  );
  const nowMs = START_MS + 40 * INTERVAL_MS;
  expect(oneByOne === null ? null : verdictOf(oneByOne, nowMs)).toEqual(verdictOf(atOnce, nowMs));
});
