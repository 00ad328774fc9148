import { describe, expect, test } from "vitest";
import { targetAt } from "../../test/support/core-sides.ts";
import { aSpec, CoreWorld, served } from "../../test/support/core-world.ts";

const MINUTE = 60_000;
const TESTERS = [{ headers: { "x-tester": { exact: "yes" } } }];

const NONE = { canaryWeight: 0, shadowPercent: 0, reserved: false };
const BY_MATCH = { canaryWeight: 0, shadowPercent: 0, reserved: true };

/** A world whose canary v2 is ready; what it answers is judged good. */
function releasing(overrides: Record<string, unknown>): CoreWorld {
  const world = new CoreWorld(aSpec(overrides));
  world.advance(MINUTE);
  world.evidence = () => ({
    canary: isUsed(world) ? served(200) : null,
    primary: world.traffic?.canaryWeight === 100 ? null : served(800),
  });
  world.ship("v2");
  world.settle();
  return world;
}

/** Whether any request is meant for the canary. */
function isUsed({ traffic }: CoreWorld): boolean {
  return traffic !== null && (traffic.canaryWeight > 0 || traffic.shadowPercent > 0 || traffic.reserved);
}

function texts(told: CoreWorld["notifications"]): string {
  return told.flatMap(({ title, text, run }) => [title, text, run?.share ?? "", run?.step ?? ""]).join("\n");
}

describe("an A/B test", () => {
  const ab = { steps: undefined, ab: { match: TESTERS, duration: "10m" } };

  test("sends matched requests to the canary at weight 0, and promotes it after its duration with a pass", () => {
    const world = releasing(ab);
    expect(world.traffic).toEqual(BY_MATCH);
    expect(world.status).toMatchObject({ phase: "Progressing", step: "A/B", canaryWeight: 0 });
    expect(world.status?.message).toMatch(
      /^A\/B test: requests that match go to the canary, all others to the primary, at least until/,
    );
    world.advance(9 * MINUTE);
    expect(world.status?.run?.stage).toBe("Step");
    world.advance(3 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Succeeded", promoted: { revision: "v2" } });
    expect(world.status?.history?.[0]?.maxWeight).toBe(100);
    expect(world.traffic).toEqual(NONE);
  });

  test("is judged live, on what the canary answered", () => {
    const world = releasing(ab);
    world.evidence = () => ({ canary: served(200, 120), primary: served(800) });
    world.advance(2 * MINUTE);
    expect(world.status?.rejected?.revision).toBe("v2");
    expect(world.notifications.at(-1)?.title).toContain("rolled back in its A/B test");
    expect(world.traffic).toEqual(NONE);
  });

  test("in which nobody takes part pauses, and does what a person says", () => {
    const world = releasing(ab);
    world.evidence = (_, weight) => ({ canary: null, primary: weight === 100 ? null : served(800) });
    world.advance(25 * MINUTE);
    expect(world.status?.run?.pause).toMatchObject({ kind: "Inconclusive" });
    expect(world.traffic).toEqual(BY_MATCH);
    world.command("promote");
    world.advance(2 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Succeeded", promoted: { revision: "v2" } });
  });

  test("can need a person's approval", () => {
    const world = releasing({ ...ab, ab: { ...ab.ab, approval: "required" } });
    world.advance(11 * MINUTE);
    expect(world.status?.phase).toBe("WaitingPromotion");
    expect(world.notifications.at(-1)?.title).toContain("waits for approval in its A/B test");
    expect(world.traffic).toEqual(BY_MATCH);
    world.command("approve");
    world.advance(2 * MINUTE);
    expect(world.status?.phase).toBe("Succeeded");
  });

  test("is never told of as a share of requests, until all of them are switched", () => {
    const world = releasing(ab);
    world.command("pause");
    world.settle();
    world.command("resume");
    world.advanceUntil(() => world.status?.phase === "Promoting", 20 * MINUTE);
    const before = world.notifications.slice(0, -1);
    expect(before.map(({ reason }) => reason)).toContain("Resumed");
    expect(texts(before)).not.toMatch(/\d %$|% of requests|at \d+ %|\d\/\d/m);
  });
});

describe("blue/green", () => {
  const blueGreen = { steps: undefined, blueGreen: { previewMatch: TESTERS, duration: "10m" } };

  test("previews by match, then switches all requests at once before the primary is touched", () => {
    const world = releasing(blueGreen);
    expect(world.traffic).toEqual(BY_MATCH);
    expect(world.status).toMatchObject({ step: "preview", canaryWeight: 0 });
    world.starts = () => false;
    world.advance(10 * MINUTE + 15_000);
    const switched = world.decisions.find(({ status }) => status.run?.stage === "Shifting");
    expect(switched?.actions).toEqual([{ kind: "setTraffic", traffic: { ...BY_MATCH, canaryWeight: 100 } }]);
    expect(world.primary?.revision).toBe("v1");
    world.advance(MINUTE);
    expect(world.primary?.revision).toBe("v2");
    expect(world.traffic).toEqual({ ...BY_MATCH, canaryWeight: 100 });
    expect(world.status).toMatchObject({ phase: "Promoting", step: "switched", canaryWeight: 100 });
    world.primary = { ...world.primary!, readyReplicas: 3, isRolledOut: true };
    world.advance(MINUTE);
    expect(world.traffic).toEqual(NONE);
    expect(world.status).toMatchObject({ phase: "Succeeded", canaryWeight: 0 });
    expect(world.status?.history?.[0]?.maxWeight).toBe(100);
  });

  test("switches back at once when it is aborted after the switch", () => {
    const world = releasing(blueGreen);
    world.starts = () => false;
    world.advance(11 * MINUTE);
    world.command("abort");
    const { actions } = world.pass();
    expect(actions).toEqual([{ kind: "setTraffic", traffic: NONE }]);
    expect(world.notifications.at(-1)?.title).toContain("rolled back at 100 %");
  });

  test("waits with the switch for as many pods as the primary has by then", () => {
    const world = releasing(blueGreen);
    world.primary = { ...world.primary!, desiredReplicas: 5, readyReplicas: 5 };
    world.starts = () => false;
    world.advance(10 * MINUTE + 15_000);
    expect(world.target?.desiredReplicas).toBe(5);
    expect(world.traffic).toEqual(BY_MATCH);
    expect(world.status?.message).toContain(
      "waiting until 09:21:00 UTC for pods: 3 of 5 canary pods are ready (the primary has 5 by now, 3 when the run began)",
    );
  });

  test("asked for by a person over a canary that lacks pods waits for them", () => {
    const world = releasing(blueGreen);
    world.target = targetAt("v2", 3, 1);
    world.canaryService = { ...world.canaryService, readyEndpoints: 1 };
    world.command("promote");
    world.advance(MINUTE);
    expect(world.decisions.every(({ status }) => status.canaryWeight === 0)).toBe(true);
    expect(world.status?.message).toContain("1 of 3 canary pods are ready");
    world.target = targetAt("v2", 3, 3);
    world.canaryService = { ...world.canaryService, readyEndpoints: 3 };
    world.advance(2 * MINUTE);
    expect(world.status?.phase).toBe("Succeeded");
  });

  test("with skipAnalysis switches as soon as the pods are ready", () => {
    const world = releasing({ ...blueGreen, skipAnalysis: true });
    world.advance(2 * MINUTE);
    expect(world.decisions.some(({ status }) => status.canaryWeight === 100)).toBe(true);
    expect(world.status?.phase).toBe("Succeeded");
  });
});

describe("routes by match", () => {
  const testers = { traffic: { istio: { canaryMatch: TESTERS } } };

  test("stand with the first share, through every step and the promotion, and go in one write", () => {
    const world = releasing({ ...testers, shadow: { percent: 100, duration: "1m" } });
    world.advance(20 * MINUTE);
    const set = world.decisions.flatMap(({ actions }) =>
      actions.flatMap((action) => (action.kind === "setTraffic" ? [action.traffic] : [])),
    );
    const run = set.slice(set.findIndex(({ reserved }) => reserved));
    expect(run).toEqual([
      { canaryWeight: 0, shadowPercent: 100, reserved: true },
      { canaryWeight: 10, shadowPercent: 0, reserved: true },
      { canaryWeight: 50, shadowPercent: 0, reserved: true },
      { canaryWeight: 100, shadowPercent: 0, reserved: true },
      NONE,
    ]);
    expect(world.status?.phase).toBe("Succeeded");
    expect(world.events).not.toContain("TrafficRepaired");
  });

  test("stand while a run is paused before its first step, if its pods are ready", () => {
    const world = new CoreWorld(aSpec(testers));
    world.advance(MINUTE);
    world.starts = () => false;
    world.ship("v2");
    world.settle();
    world.command("pause");
    world.settle();
    expect(world.traffic).toEqual(NONE);
    givePods(world, 3);
    expect(world.traffic).toEqual(BY_MATCH);
    givePods(world, 2);
    expect(world.traffic).toEqual(BY_MATCH);
    givePods(world, 0);
    expect(world.traffic).toEqual(NONE);
    expect(world.events).not.toContain("TrafficRepaired");
  });

  test("that somebody takes away are put back, with an event", () => {
    const world = releasing(testers);
    world.traffic = { ...world.traffic!, reserved: false };
    world.settle();
    expect(world.traffic).toEqual({ canaryWeight: 10, shadowPercent: 0, reserved: true });
    expect(world.events).toContain("TrafficRepaired");
  });

  test("go at once when the canary loses its pods", () => {
    const world = releasing(testers);
    world.starts = () => false;
    givePods(world, 0);
    expect(world.traffic).toEqual(NONE);
    expect(world.status?.run?.stage).toBe("Starting");
  });

  function givePods(world: CoreWorld, ready: number): void {
    world.target = targetAt("v2", 3, ready);
    world.canaryService = { ...world.canaryService, readyEndpoints: ready };
    world.settle();
  }
});

describe("shadow traffic", () => {
  const shadow = { shadow: { percent: 80, duration: "2m" } };

  test("waits for as many pods as its share of the primary's takes", () => {
    const world = new CoreWorld(aSpec(shadow));
    world.advance(MINUTE);
    world.starts = () => false;
    world.ship("v2");
    world.settle();
    world.primary = { ...world.primary!, desiredReplicas: 10, readyReplicas: 10 };
    world.settle();
    expect(world.target?.desiredReplicas).toBe(8);
    expect(world.status?.message).toContain(
      "0 of 8 canary pods of shop/checkout:v2 are ready (checkout-v2-abc: CrashLoopBackOff) (the primary has 10 by now, 3 when the run began); deadline",
    );
    world.target = targetAt("v2", 8, 8);
    world.canaryService = { ...world.canaryService, readyEndpoints: 8 };
    world.settle();
    expect(world.traffic).toEqual({ canaryWeight: 0, shadowPercent: 80, reserved: false });
    expect(world.status?.message).toBe(
      "Mirroring 80 % of GET, HEAD and OPTIONS requests to the canary, at least until 09:03:00 UTC.",
    );
  });
});
