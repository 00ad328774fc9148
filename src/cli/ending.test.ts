import { describe, expect, test } from "vitest";
import { HISTORY, rolloutNamed, STATUSES, STEPPING } from "../../test/support/released-rollouts.ts";
import type { RolloutStatus, RunStatus } from "../api/status.ts";
import { endingOf, type Wanted } from "./ending.ts";

const NOW = Date.parse("2026-01-05T09:04:10Z");
const V1 = { image: "shop/checkout:v1" };
const V2 = { revision: "7d9f" };

function ending(status: RolloutStatus | undefined, wanted: Wanted, sinceMs = NOW) {
  const rollout = { ...rolloutNamed("checkout"), ...(status === undefined ? {} : { status }) };
  return endingOf(rollout, wanted, sinceMs).kind;
}

function running(change: Partial<RunStatus>): RolloutStatus {
  return { ...STATUSES.stepping, run: { ...STEPPING, ...change } };
}

describe("what became of a revision", () => {
  test.each<[string, RolloutStatus | undefined, Wanted, string]>([
    ["the controller has not looked yet", undefined, V2, "pending"],
    ["it is being released", STATUSES.stepping, V2, "pending"],
    ["the primary serves it, the canary is going", running({ stage: "Finalising" }), V2, "promoted"],
    ["it is being rolled back", running({ stage: "RollingBack" }), V2, "failed"],
    ["it serves", STATUSES.atRest, V1, "promoted"],
    ["it was rejected", STATUSES.failed, V2, "failed"],
    ["it serves while another is being released", STATUSES.stepping, V1, "promoted"],
    ["it is unknown", STATUSES.atRest, { image: "shop/checkout:v9" }, "pending"],
    ["its name only begins like another's", STATUSES.atRest, { image: "checkout:v" }, "pending"],
    ["an empty revision was asked for", STATUSES.stepping, { revision: "" }, "pending"],
    ["image and revision are not of the same one", STATUSES.atRest, { ...V1, ...V2 }, "pending"],
  ])("%s", (_, status, wanted, kind) => {
    expect(ending(status, wanted)).toBe(kind);
  });

  test("a run that ended before anybody waited says nothing; one that ended since does", () => {
    const old = HISTORY[1]!;
    const status = { ...STATUSES.atRest, history: HISTORY };
    expect(ending(status, { revision: old.revision })).toBe("pending");
    expect(ending(status, { revision: old.revision }, Date.parse(old.finishedAt) - 1_000)).toBe("failed");
  });
});
