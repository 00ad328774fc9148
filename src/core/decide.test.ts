import { describe, expect, test } from "vitest";
import { targetAt } from "../../test/support/core-sides.ts";
import { aSpec, CoreWorld, served } from "../../test/support/core-world.ts";

const MINUTE = 60_000;
const NO_CANARY = { canaryWeight: 0, shadowPercent: 0, reserved: false };

/** Weights in the order in which they were written, since the canary first got one. */
function weightsOf(world: CoreWorld): readonly number[] {
  const set = world.decisions.flatMap(({ actions }) =>
    actions.flatMap((action) => (action.kind === "setTraffic" ? [action.traffic.canaryWeight] : [])),
  );
  const first = set.findIndex((weight) => weight > 0);
  return first < 0 ? [] : set.slice(first);
}

function initialised(spec = aSpec()): CoreWorld {
  const world = new CoreWorld(spec);
  world.advance(MINUTE);
  expect(world.status?.phase).toBe("Initialized");
  return world;
}

/** A world whose canary v2 is at its first step. */
function atFirstStep(spec = aSpec()): CoreWorld {
  const world = initialised(spec);
  world.ship("v2");
  world.settle();
  expect(world.status?.run?.stage).toBe("Step");
  return world;
}

describe("adoption", () => {
  test("traffic moves only when the primary is ready, and the target is scaled down only after the drain", () => {
    const world = new CoreWorld();
    world.starts = () => false;
    world.settle();
    expect(world.apex.selects).toBe("target");
    expect(world.target?.desiredReplicas).toBe(3);
    world.primary = { ...world.primary!, readyReplicas: 3, isRolledOut: true };
    world.settle();
    expect(world.apex.selects).toBe("primary");
    expect(world.target?.desiredReplicas).toBe(3);
    world.advance(MINUTE);
    expect(world.target?.desiredReplicas).toBe(0);
    expect(world.status?.phase).toBe("Initialized");
  });

  test("a primary that is not ready in time is told once, and the target goes on serving", () => {
    const world = new CoreWorld();
    world.starts = () => false;
    world.advance(15 * MINUTE);
    expect(world.events.filter((reason) => reason === "PrimaryNotReady")).toHaveLength(1);
    expect(world.apex.selects).toBe("target");
  });

  test("a Rollout made again over an existing primary does not take the target's template for analysed", () => {
    const world = initialised();
    world.forget();
    world.target = { ...targetAt("v2", 0, 0), revisions: ["v1", "v2"] };
    world.advance(MINUTE);
    expect(world.status?.promoted?.revision).toBe("v1");
    expect(world.status?.run?.revision).toBe("v2");
  });
});

describe("a good revision", () => {
  test("goes through every step and is promoted from what was analysed", () => {
    const world = atFirstStep();
    expect(world.traffic).toEqual({ canaryWeight: 10, shadowPercent: 0, reserved: false });
    world.advance(10 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Succeeded", canaryWeight: 0, promoted: { revision: "v2" } });
    expect(world.primary?.revision).toBe("v2");
    expect(world.target?.desiredReplicas).toBe(0);
    expect(world.traffic).toEqual({ canaryWeight: 0, shadowPercent: 0, reserved: false });
    expect(world.status?.history?.[0]).toMatchObject({
      result: "Succeeded",
      reason: "Promoted",
      maxWeight: 100,
    });
  });

  test("stays at each weight for its hold at least", () => {
    const world = atFirstStep();
    world.advance(MINUTE - 1_000);
    expect(world.traffic?.canaryWeight).toBe(10);
    world.advance(20_000);
    expect(world.traffic?.canaryWeight).toBe(50);
  });

  test("tells each transition once", () => {
    const world = atFirstStep();
    world.advance(10 * MINUTE);
    const ids = world.notifications.map((notification) => notification.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(world.events).toEqual([
      "Initializing",
      "Initialized",
      "RunStarted",
      "WeightChanged",
      "WeightChanged",
      "PromotionStarted",
      "Promoted",
    ]);
  });

  test("is told with its run, and with what was measured once there is something to see", () => {
    const world = atFirstStep();
    world.advance(10 * MINUTE);
    const told = Object.fromEntries(world.notifications.map((it) => [it.id, it]));
    expect(told["run-1/started"]).toMatchObject({ chart: null, run: { id: 1, weight: 0, step: "0/2" } });
    expect(told["run-1/step-1-0"]).toMatchObject({
      severity: "info",
      run: { weight: 50, step: "2/2", threads: {} },
      chart: { title: "error rate", canary: [0, 0, 0, 0] },
    });
    expect(told["run-1/promoted"]?.chart?.canary.length).toBeGreaterThan(4);
    expect(world.notifications[0]).toMatchObject({ reason: "Initialized", run: null, chart: null });
  });

  test("keeps the conversations about it with the run, and no longer", () => {
    const world = atFirstStep();
    world.threads = { "slack shop/slack/token #a": "C1/1.2" };
    world.settle();
    expect(world.status?.run?.threads).toEqual({ "slack shop/slack/token #a": "C1/1.2" });
    world.threads = { "slack shop/slack/token #b": "C2/3.4" };
    world.settle();
    expect(Object.keys(world.status?.run?.threads ?? {})).toHaveLength(2);
    world.advance(10 * MINUTE);
    expect(world.notifications.at(-1)?.run?.threads).toMatchObject({ "slack shop/slack/token #b": "C2/3.4" });
    expect(world.status?.run).toBeUndefined();
  });

  test("with skipAnalysis is promoted as soon as its pods are ready", () => {
    const world = initialised(aSpec({ skipAnalysis: true }));
    world.ship("v2");
    expect(weightsOf(world)).toEqual([]);
    world.advance(2 * MINUTE);
    expect(world.status?.history?.[0]?.reason).toBe("AnalysisSkipped");
    expect(weightsOf(world)).toEqual([100, 0]);
  });
});

describe("a bad revision", () => {
  test("is rolled back when its evidence fails, weight first and alone", () => {
    const world = atFirstStep();
    world.evidence = () => ({ canary: served(100, 60), primary: served(900) });
    world.advanceUntil(() => world.status?.phase === "Failed", 5 * MINUTE);
    const decision = world.decisions.find((each) => each.status.phase === "Failed");
    expect(decision?.actions).toEqual([
      { kind: "setTraffic", traffic: { canaryWeight: 0, shadowPercent: 0, reserved: false } },
    ]);
    expect(decision?.status.run?.outcome).toMatchObject({ reason: "MetricFailed", metric: "success-rate" });
    world.advance(5 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Failed", rejected: { revision: "v2" } });
    expect(world.target?.desiredReplicas).toBe(0);
    expect(world.primary?.revision).toBe("v1");
  });

  test("keeps its pods for the drain, and until no request is seen to reach them", () => {
    const world = atFirstStep();
    world.command("abort");
    world.settle();
    expect(world.traffic?.canaryWeight).toBe(0);
    expect(world.target?.desiredReplicas).toBe(3);
    world.advance(world.settings.drainMs);
    expect(world.target?.desiredReplicas).toBe(3);
    world.advance(MINUTE);
    expect(world.target?.desiredReplicas).toBe(0);
  });

  test("is not tried again by itself, but on retry and when another comes", () => {
    const world = atFirstStep();
    world.command("abort");
    world.advance(10 * MINUTE);
    expect(world.status?.run).toBeUndefined();
    world.command("retry");
    world.settle();
    expect(world.status?.run?.revision).toBe("v2");
    world.command("abort");
    world.advance(MINUTE);
    world.ship("v3");
    world.settle();
    expect(world.status?.run?.revision).toBe("v3");
  });

  test("whose pods do not become ready fails at the deadline, with the pods' own reason", () => {
    const world = initialised();
    world.starts = (hash) => hash !== "v2";
    world.ship("v2");
    world.advance(9 * MINUTE);
    expect(world.status?.phase).toBe("Progressing");
    world.advance(2 * MINUTE);
    expect(world.status?.history?.[0]).toMatchObject({ reason: "ProgressDeadlineExceeded" });
    expect(world.status?.history?.[0]?.message).toContain("CrashLoopBackOff");
    expect(world.decisions.every((decision) => decision.status.canaryWeight === 0)).toBe(true);
  });

  test("that loses all its pods gets no request, begins again, and is given up the third time", () => {
    const world = atFirstStep();
    for (const round of [1, 2, 3]) {
      world.target = targetAt("v2", 3, 0);
      world.canaryService = { ...world.canaryService, readyEndpoints: 0 };
      world.settle();
      expect(world.traffic?.canaryWeight).toBe(0);
      if (round < 3) {
        expect(world.status?.run).toMatchObject({ stage: "Starting", restarts: round });
        world.target = targetAt("v2", 3, 3);
        world.canaryService = { ...world.canaryService, readyEndpoints: 3 };
        world.settle();
        expect(world.traffic?.canaryWeight).toBe(10);
      }
    }
    expect(world.status?.run?.outcome?.reason).toBe("CanaryUnavailable");
  });

  test("that the primary cannot run is taken back from the primary", () => {
    const world = atFirstStep();
    world.advanceUntil(
      () => world.status?.run?.stage === "Step" && world.status.run.stepIndex === 1,
      5 * MINUTE,
    );
    world.starts = (hash) => hash !== "v2";
    world.advance(20 * MINUTE);
    expect(world.status?.history?.[0]?.reason).toBe("PromotionFailed");
    expect(world.primary?.revision).toBe("v1");
    expect(world.traffic?.canaryWeight).toBe(0);
  });
});

describe("evidence that does not suffice", () => {
  test("never promotes: the run pauses for a named reason, and goes on when evidence comes", () => {
    const world = atFirstStep();
    world.evidence = () => ({ canary: null, primary: served(0) });
    world.advance(30 * MINUTE);
    expect(world.status?.run?.pause?.kind).toBe("Inconclusive");
    expect(world.traffic?.canaryWeight).toBe(10);
    world.evidence = () => ({ canary: served(100), primary: served(900) });
    world.advance(10 * MINUTE);
    expect(world.status?.phase).toBe("Succeeded");
  });

  test("rolls back with onInconclusive: rollback", () => {
    const world = atFirstStep(aSpec({ analysis: { ...aSpec().analysis, onInconclusive: "rollback" } }));
    world.evidence = () => ({ canary: null, primary: served(0) });
    world.advance(30 * MINUTE);
    expect(world.status?.history?.[0]?.reason).toBe("Inconclusive");
  });

  test("an outage of the source decides nothing, is told once, and what it missed is asked for again", () => {
    const world = atFirstStep();
    world.evidence = () => null;
    world.advance(5 * MINUTE);
    expect(world.traffic?.canaryWeight).toBe(10);
    expect(world.events.filter((reason) => reason === "MetricsUnavailable")).toHaveLength(1);
    world.evidence = () => ({ canary: served(100), primary: served(900) });
    world.advance(30_000);
    expect(world.events).toContain("MetricsRecovered");
    expect(world.traffic?.canaryWeight).toBe(50);
  });

  test("a restarted judge comes to the same verdict from the source's history", () => {
    const world = atFirstStep();
    world.evidence = () => ({ canary: served(100, 1), primary: served(900, 9) });
    world.advance(40_000);
    const remembered = world.status?.run?.verdict;
    world.judge = null;
    world.nowMs += 1;
    const { status } = world.pass();
    expect(status.run?.verdict).toEqual(remembered);
  });
});

describe("a metric with onFail: pause", () => {
  const metrics = [
    { name: "success-rate", min: 99, onFail: "pause" },
    { name: "latency", max: "5s" },
  ];
  const spec = aSpec({ analysis: { ...aSpec().analysis, metrics } });

  test("pauses the run when it fails, and resume goes on without it", () => {
    const world = atFirstStep(spec);
    world.evidence = () => ({ canary: served(100, 60), primary: served(900) });
    world.advance(30 * MINUTE);
    expect(world.status?.run?.pause).toMatchObject({ kind: "MetricFailed", metric: "success-rate" });
    expect(world.traffic?.canaryWeight).toBe(10);
    world.command("resume", "known noise");
    world.advance(30 * MINUTE);
    expect(world.status?.phase).toBe("Succeeded");
  });
});

describe("a metrics source that fails for too long", () => {
  test("pauses the run, never fails it, and the run goes on by itself when the source answers", () => {
    const world = atFirstStep(aSpec({ analysis: { ...aSpec().analysis, consecutiveErrors: 4 } }));
    world.evidence = () => null;
    world.advance(2 * MINUTE);
    expect(world.status?.run?.pause?.kind).toBe("MetricsUnavailable");
    world.advance(60 * MINUTE);
    expect(world.traffic?.canaryWeight).toBe(10);
    world.evidence = () => ({ canary: served(100), primary: served(900) });
    world.advance(10 * MINUTE);
    expect(world.status?.phase).toBe("Succeeded");
  });
});

describe("a judge that begins anew while its source has lost its history", () => {
  test("goes on from what the status has kept", () => {
    const world = atFirstStep(
      aSpec({ analysis: { ...aSpec().analysis, minRequests: 300 }, steps: [{ weight: 10, hold: "3m" }] }),
    );
    world.settings = { ...world.settings, statusRefreshMs: 15_000 };
    world.advance(2 * MINUTE);
    const kept = world.status?.run?.ledger;
    expect(kept?.canary.requests).toBeGreaterThanOrEqual(700);
    expect(JSON.stringify(kept).length).toBeLessThan(8 * 1_024);
    world.judge = null;
    const lostUntil = world.nowMs;
    const isShifted = () => world.traffic?.canaryWeight === 100;
    world.evidence = (endMs) =>
      endMs <= lostUntil || isShifted()
        ? { canary: null, primary: null }
        : { canary: served(10), primary: served(90) };
    world.advance(30_000);
    expect(world.status?.run?.evidence?.canary.requests).toBeGreaterThanOrEqual(700);
    world.advance(5 * MINUTE);
    expect(world.status?.phase).toBe("Succeeded");
  });
});

describe("a new revision during a run", () => {
  test("sends weight to 0 at once, even before its ReplicaSet is known, and begins again from the start", () => {
    const world = atFirstStep();
    world.target = { ...targetAt("v3", 3, 3), current: null };
    world.settle();
    expect(world.traffic?.canaryWeight).toBe(0);
    expect(world.status?.run?.outcome?.result).toBe("Superseded");
    world.ship("v3");
    world.advance(MINUTE);
    expect(world.status?.run).toMatchObject({ revision: "v3", stepIndex: 0, id: 2 });
    expect(world.canaryService.pinnedHash).toBe("v3");
    expect(world.status?.history?.[0]).toMatchObject({
      result: "Superseded",
      reason: "NewRevision",
      revision: "v2",
    });
  });

  test("that is the promoted one is an abort", () => {
    const world = atFirstStep();
    world.ship("v1");
    world.advance(MINUTE);
    expect(world.status).toMatchObject({ phase: "Failed", rejected: { revision: "v2" } });
    expect(world.status?.history?.[0]?.reason).toBe("TargetReverted");
    expect(world.target?.desiredReplicas).toBe(0);
  });

  test("waits for its turn once the primary is taking over", () => {
    const world = atFirstStep();
    world.advanceUntil(() => world.status?.run?.stepIndex === 1, 5 * MINUTE);
    world.starts = () => false;
    world.advanceUntil(() => world.status?.run?.stage === "Promoting", 5 * MINUTE);
    world.ship("v3");
    world.settle();
    expect(world.status?.run).toMatchObject({ revision: "v2", stage: "Promoting" });
    expect(world.traffic?.canaryWeight).toBe(0);
    world.starts = () => true;
    world.primary = { ...world.primary!, readyReplicas: 3, isRolledOut: true };
    world.advance(MINUTE);
    expect(world.status?.promoted?.revision).toBe("v2");
    expect(world.status?.run?.revision).toBe("v3");
  });
});

describe("commands", () => {
  test("pause holds the weight, still rolls back a failure, and resume goes on", () => {
    const world = atFirstStep();
    world.command("pause", "lunch");
    world.advance(10 * MINUTE);
    expect(world.traffic?.canaryWeight).toBe(10);
    expect(world.status?.message).toContain("lunch");
    world.command("resume");
    world.advance(10 * MINUTE);
    expect(world.status?.phase).toBe("Succeeded");
  });

  test("a failure while paused is rolled back", () => {
    const world = atFirstStep();
    world.command("pause");
    world.settle();
    world.evidence = () => ({ canary: served(100, 60), primary: served(900) });
    world.advance(5 * MINUTE);
    expect(world.status?.phase).toBe("Failed");
  });

  test("promote skips steps and evidence, not the pods", () => {
    const world = initialised();
    world.starts = (hash) => hash !== "v2";
    world.ship("v2");
    world.settle();
    world.command("promote");
    world.advance(MINUTE);
    expect(world.status?.run?.stage).toBe("Starting");
    world.starts = () => true;
    world.target = targetAt("v2", 3, 3);
    world.canaryService = { ...world.canaryService, readyEndpoints: 3 };
    world.advance(MINUTE);
    expect(world.status?.history?.[0]?.reason).toBe("PromotedByCommand");
  });

  test("a step that needs approval waits for it, and an approval of one revision does not serve another", () => {
    const spec = aSpec({ steps: [{ weight: 50, hold: "1m", approval: "required" }] });
    const world = atFirstStep(spec);
    world.command("approve");
    world.settle();
    world.ship("v3");
    world.advance(10 * MINUTE);
    expect(world.status).toMatchObject({ phase: "WaitingPromotion", run: { revision: "v3" } });
    expect(world.events.filter((reason) => reason === "ApprovalNeeded")).toHaveLength(1);
    world.command("approve", "looks fine");
    world.advance(5 * MINUTE);
    expect(world.status?.phase).toBe("Succeeded");
  });

  test.each([
    ["abort", "nothing is being released"],
    ["pause", "nothing is being released"],
    ["resume", "nothing is paused"],
    ["approve", "no step is under way"],
    ["promote", "nothing is being released"],
    ["retry", "no revision was rejected"],
  ] as const)("%s at rest is refused with an event that says why", (name, why) => {
    const world = initialised();
    world.command(name);
    world.settle();
    const refused = world.decisions
      .flatMap((decision) => decision.events)
      .filter((event) => event.reason === "CommandRefused");
    expect(refused).toHaveLength(1);
    expect(refused[0]?.message).toContain(why);
    expect(world.commands).toEqual([]);
  });

  test("an abort that was obeyed before a crash is taken away without another word", () => {
    const world = atFirstStep();
    world.command("abort");
    world.settle();
    const told = world.events.length;
    world.command("abort");
    world.settle();
    expect(world.commands).toEqual([]);
    expect(world.events.length).toBe(told);
  });

  test("an abort during promotion sets the primary back", () => {
    const world = atFirstStep();
    world.advanceUntil(() => world.status?.run?.stepIndex === 1, 5 * MINUTE);
    world.starts = (hash) => hash !== "v2";
    world.advanceUntil(() => world.status?.run?.stage === "Promoting", 5 * MINUTE);
    world.command("abort");
    expect(world.pass().actions).toEqual([{ kind: "setTraffic", traffic: NO_CANARY }]);
    world.advance(MINUTE);
    expect(world.primary?.revision).toBe("v1");
    expect(world.status?.phase).toBe("Failed");
  });
});

describe("others' hands", () => {
  test("a weight that somebody changed during a step is put right at once, with an event", () => {
    const world = atFirstStep();
    world.traffic = { canaryWeight: 0, shadowPercent: 0, reserved: false };
    world.settle();
    expect(world.traffic).toEqual({ canaryWeight: 10, shadowPercent: 0, reserved: false });
    expect(world.events).toContain("TrafficRepaired");
  });

  test("replicas that Git sets on the target at rest become the primary's", () => {
    const world = initialised();
    world.target = targetAt("v1", 5, 5);
    world.settle();
    expect(world.primary?.desiredReplicas).toBe(5);
    expect(world.target?.desiredReplicas).toBe(0);
  });

  test("a primary that is scaled down during a run gets its pods back until the run ends", () => {
    const world = atFirstStep();
    world.primary = { ...world.primary!, desiredReplicas: 1, readyReplicas: 1 };
    world.settle();
    expect(world.primary?.desiredReplicas).toBe(3);
    world.advance(10 * MINUTE);
    expect(world.status?.phase).toBe("Succeeded");
  });

  test("a deleted primary is made again from the promoted revision", () => {
    const world = initialised();
    world.primary = null;
    world.target = { ...targetAt("v2", 0, 0), revisions: ["v1", "v2"] };
    world.pass();
    expect(world.decisions.at(-1)?.actions[0]).toMatchObject({ kind: "createPrimary", revision: "v1" });
  });

  test("suspend keeps a run from starting, and holds one that is under way", () => {
    const world = initialised();
    world.spec = aSpec({ suspend: true });
    world.ship("v2");
    world.advance(MINUTE);
    expect(world.status).toMatchObject({ phase: "Waiting" });
    world.spec = aSpec();
    world.settle();
    world.spec = aSpec({ suspend: true });
    world.advance(10 * MINUTE);
    expect(world.status?.run?.pause?.kind).toBe("Suspended");
    expect(world.traffic?.canaryWeight).toBe(10);
    world.spec = aSpec();
    world.advance(10 * MINUTE);
    expect(world.status?.phase).toBe("Succeeded");
  });

  test("edits of the steps apply to the next run", () => {
    const world = atFirstStep();
    world.spec = aSpec({ steps: [{ weight: 100, hold: "1m" }] });
    world.advance(10 * MINUTE);
    expect(weightsOf(world)).toEqual([10, 50, 100, 0]);
  });
});

describe("shadow", () => {
  const spec = aSpec({ shadow: { percent: 40, duration: "2m" } });

  test("mirrors before the first weight, for its duration", () => {
    const world = initialised(spec);
    world.evidence = () => ({ canary: served(400), primary: served(1000) });
    world.ship("v2");
    world.settle();
    expect(world.traffic).toEqual({ canaryWeight: 0, shadowPercent: 40, reserved: false });
    world.advance(2 * MINUTE + 15_000);
    expect(world.traffic).toEqual({ canaryWeight: 10, shadowPercent: 0, reserved: false });
  });

  test("catches a bad revision before any live request", () => {
    const world = initialised(spec);
    world.evidence = () => ({ canary: served(400, 200), primary: served(1000) });
    world.ship("v2");
    world.advance(5 * MINUTE);
    expect(world.status?.phase).toBe("Failed");
    expect(world.decisions.every((decision) => decision.status.canaryWeight === 0)).toBe(true);
  });
});

describe("deletion", () => {
  test("hands the service back before anything of the primary goes", () => {
    const world = atFirstStep();
    world.starts = () => false;
    world.target = targetAt("v2", 3, 1);
    world.deleting = true;
    world.settle();
    expect(world.traffic?.canaryWeight).toBe(0);
    expect(world.apex.selects).toBe("primary");
    world.target = targetAt("v2", 3, 3);
    world.settle();
    expect(world.apex.selects).toBe("target");
    world.advance(world.settings.drainMs);
    expect(world.primary).not.toBeNull();
    world.advance(MINUTE);
    expect(world.primary).toBeNull();
    expect(world.finalizers).toEqual([]);
  });

  test("without a target does not hold the deletion back", () => {
    const world = initialised();
    world.target = null;
    world.deleting = true;
    world.settle();
    expect(world.finalizers).toEqual([]);
  });
});
