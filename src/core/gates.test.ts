import { describe, expect, test } from "vitest";
import { aSpec, CoreWorld, served } from "../../test/support/core-world.ts";
import type { WebhookType } from "../api/spec-gates.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function hook(type: WebhookType, more: Record<string, unknown> = {}) {
  return { name: type, type, url: "http://gates.test/", ...more };
}

/** An adopted target, and v2 shipped; webhooks answer from the start what `answers` says. */
function released(
  webhooks: readonly Record<string, unknown>[],
  answers: CoreWorld["webhooks"] = () => "yes",
  spec: Record<string, unknown> = {},
): CoreWorld {
  const world = new CoreWorld(aSpec({ webhooks, ...spec }));
  world.advance(3 * MINUTE);
  world.webhooks = answers;
  world.ship("v2");
  world.settle();
  return world;
}

/** Long intervals: hours are a few passes. */
const SLOW = {
  analysis: { interval: "1m", warmup: "0s", minRequests: 50, metrics: [{ name: "success-rate", min: 99 }] },
};

const always = (answer: "yes" | "no" | "none" | null) => () => answer;

describe("confirm-rollout", () => {
  test("holds the run before anything is scaled, pinned or given requests", () => {
    const world = released([hook("confirm-rollout")], always("no"));
    world.advance(HOUR);
    expect(world.status).toMatchObject({ phase: "Waiting", canaryWeight: 0, run: { stage: "Confirming" } });
    expect(world.target?.desiredReplicas).toBe(0);
    expect(world.canaryService.pinnedHash).not.toBe("v2");
    expect(world.status?.message).toMatch(
      /^Nothing has been started; waiting for webhook "confirm-rollout": answered 403 "not yet", \d+ answers since 09:03:00 UTC; deadline 2026-01-06 09:03:00 UTC\.$/,
    );
  });

  test("lets the run begin when it says yes, and the history tells who agreed", () => {
    const world = released([hook("confirm-rollout")], always("no"));
    world.advance(10 * MINUTE);
    world.webhooks = always("yes");
    world.advance(HOUR);
    expect(world.status?.phase).toBe("Succeeded");
    expect(world.status?.history?.[0]?.approvals).toEqual([
      {
        gates: ["confirm-rollout"],
        by: 'webhook "confirm-rollout"',
        at: expect.any(String),
        reason: '200 "ok"',
      },
    ]);
  });

  test("is told once however long it takes, and asked ever less often", () => {
    const world = released([hook("confirm-rollout")], always("no"));
    world.advance(HOUR);
    const inFirstHour = world.asked.length;
    world.advance(HOUR);
    expect(world.events.filter((reason) => reason === "GateWaits")).toHaveLength(1);
    expect(world.notifications.filter(({ id }) => id.includes("gate-"))).toHaveLength(1);
    expect(inFirstHour).toBeGreaterThan(70);
    expect(world.asked.length - inFirstHour).toBeLessThanOrEqual(61);
  });

  test("that is waited for follows edits of the spec", () => {
    const world = released([hook("confirm-rollout")], always("no"));
    world.spec = aSpec({ webhooks: [] });
    world.settle();
    expect(world.status?.run?.stage).toBe("Step");
  });

  test("is overtaken by another revision, and by an abort", () => {
    const world = released([hook("confirm-rollout")], always("no"));
    world.ship("v3");
    world.advance(MINUTE);
    expect(world.status?.run?.revision).toBe("v3");
    world.command("abort");
    world.advance(MINUTE);
    expect(world.status).toMatchObject({ phase: "Failed", rejected: { revision: "v3" } });
  });

  test("counts for its own run only", () => {
    const world = released([hook("confirm-rollout")], always(null));
    world.ship("v3");
    world.answer("confirm-rollout", "yes");
    world.advance(MINUTE);
    expect(world.status?.run).toMatchObject({ revision: "v3", stage: "Confirming" });
  });
});

describe("pre-rollout", () => {
  test("is called at weight 0 on pods that are ready, and once when it passes", () => {
    const world = released([hook("pre-rollout")], always(null));
    world.advance(MINUTE);
    expect(world.status?.run?.stage).toBe("Starting");
    expect(world.target?.current?.readyReplicas).toBe(3);
    expect(world.traffic?.canaryWeight).toBe(0);
    world.answer("pre-rollout", "yes");
    world.advance(HOUR);
    expect(world.status?.phase).toBe("Succeeded");
    expect(world.asked).toEqual(["pre-rollout"]);
  });

  test("rolls back when it refuses", () => {
    const world = released([hook("pre-rollout")], always("no"));
    world.advance(MINUTE);
    expect(world.status).toMatchObject({ phase: "Failed", history: [{ reason: "GateRefused" }] });
    expect(world.status?.history?.[0]?.message).toBe(
      'The pre-rollout webhook "pre-rollout" answered 403 "not yet".',
    );
  });

  test("may refuse as often as its threshold allows", () => {
    let refusals = 2;
    const world = released([hook("pre-rollout", { threshold: 3 })], () => (refusals-- > 0 ? "no" : "yes"));
    world.advance(2 * MINUTE);
    expect(world.status?.run?.stage).toBe("Step");
  });

  test("comes before the shadow", () => {
    const shadow = { shadow: { percent: 50, duration: "1m" } };
    const world = released([hook("pre-rollout")], always(null), shadow);
    expect(world.traffic?.shadowPercent).toBe(0);
    world.answer("pre-rollout", "yes");
    world.settle();
    expect(world.traffic?.shadowPercent).toBe(50);
  });

  test("that is silent is no refusal: the run pauses, and goes on by itself", () => {
    const world = released([hook("pre-rollout", { maxWait: "5m" })], always("none"));
    world.advance(HOUR);
    expect(world.status?.run).toMatchObject({ stage: "Starting", pause: { kind: "GateTimedOut" } });
    world.webhooks = always("yes");
    world.advance(2 * MINUTE);
    expect(world.status?.run).toMatchObject({ stage: "Step" });
    expect(world.status?.run?.pause).toBeUndefined();
  });
});

describe("rollout", () => {
  test("is asked in every interval, shadow included, and must have said yes before a weight rises", () => {
    const world = released([hook("rollout")], always(null));
    world.advance(10 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Progressing", run: { weight: 10 } });
    world.answer("rollout", "yes");
    world.settle();
    expect(world.traffic?.canaryWeight).toBe(50);
  });

  test("rolls back when it refuses three times in a row", () => {
    const answers: ("yes" | "no")[] = ["yes", "no", "no", "yes", "no", "no"];
    const world = released([hook("rollout")], () => answers.shift() ?? "no");
    world.advance(6 * 15_000 - 1_000);
    expect(world.status?.run?.stage).toBe("Step");
    world.advance(30_000);
    expect(world.status?.history?.[0] ?? world.status?.run?.outcome).toMatchObject({ reason: "GateRefused" });
    expect(world.traffic?.canaryWeight).toBe(0);
    expect(world.events.filter((reason) => reason === "GateRefused")).toHaveLength(2);
  });

  test("that is silent neither rolls back nor lets the weight rise", () => {
    const world = released([hook("rollout")], always("none"));
    world.advance(20 * MINUTE);
    expect(world.status?.run).toMatchObject({ weight: 10, pause: { kind: "GateTimedOut" } });
    expect(world.events.filter((reason) => reason === "GateSilent")).toHaveLength(1);
  });

  test("can be let pass by a person", () => {
    const world = released([hook("rollout")], always("none"));
    world.advance(10 * MINUTE);
    world.command("approve", "the load tester is broken");
    world.settle();
    expect(world.traffic?.canaryWeight).toBe(50);
    expect(world.status?.run?.approvals).toEqual([
      {
        gates: ["rollout"],
        by: "kubectl-annotate",
        at: expect.any(String),
        reason: "the load tester is broken",
      },
    ]);
  });
});

describe("confirm-traffic-increase", () => {
  test("is asked before the first weight, each raise and the promotion", () => {
    const world = released([hook("confirm-traffic-increase")], always(null));
    const weights: unknown[] = [];
    for (let raise = 0; raise < 3; raise++) {
      world.advance(5 * MINUTE);
      weights.push(world.traffic?.canaryWeight);
      world.answer("confirm-traffic-increase", "yes");
      world.settle();
    }
    expect(weights).toEqual([0, 10, 50]);
    world.advance(MINUTE);
    expect(world.status?.phase).toBe("Succeeded");
    expect(world.asked).toHaveLength(3);
  });

  test("holds a raise while the evidence goes on to be judged", () => {
    const world = released([hook("confirm-traffic-increase")]);
    world.webhooks = always("no");
    world.advance(10 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Waiting", run: { weight: 10 } });
    world.evidence = () => ({ canary: served(100, 60), primary: served(900) });
    world.advance(5 * MINUTE);
    expect(world.status?.history?.[0]).toMatchObject({ reason: "MetricFailed" });
  });

  test("does not hold a person's promotion", () => {
    const world = released([hook("confirm-traffic-increase")], always("no"));
    world.command("promote");
    world.advance(MINUTE);
    expect(world.status?.history?.[0]).toMatchObject({ reason: "PromotedByCommand" });
  });
});

describe("confirm-promotion", () => {
  test("holds the promotion in phase WaitingPromotion", () => {
    const world = released([hook("confirm-promotion")], always("no"), SLOW);
    world.advance(HOUR);
    expect(world.status).toMatchObject({ phase: "WaitingPromotion", run: { weight: 50 } });
    world.webhooks = always("yes");
    world.advance(5 * MINUTE);
    expect(world.status?.phase).toBe("Succeeded");
  });

  test("rolls back after maxWait where onTimeout says so", () => {
    const world = released(
      [hook("confirm-promotion", { maxWait: "30m", onTimeout: "rollback" })],
      always("no"),
      SLOW,
    );
    world.advance(HOUR);
    expect(world.status?.history?.[0]).toMatchObject({ reason: "GateTimedOut" });
    expect(world.status?.history?.[0]?.message).toMatch(
      /^Waiting for webhook "confirm-promotion": answered 403 "not yet", \d+ answers since .*; its deadline was .*, and its onTimeout says rollback\.$/,
    );
  });

  test("gets its time anew when a person resumes", () => {
    const world = released([hook("confirm-promotion", { maxWait: "30m" })], always("no"), SLOW);
    world.advance(HOUR);
    expect(world.status?.run?.pause).toMatchObject({ kind: "GateTimedOut" });
    world.command("resume");
    world.advance(MINUTE);
    expect(world.status?.run?.pause).toBeUndefined();
    expect(world.status?.phase).toBe("WaitingPromotion");
    world.advance(HOUR);
    expect(world.status?.run?.pause).toMatchObject({ kind: "GateTimedOut" });
  });

  test("is not let pass by an approval of the step, which comes before", () => {
    const steps = [{ weight: 50, hold: "1m", approval: "required" }];
    const world = released([hook("confirm-promotion")], always("no"), { ...SLOW, steps });
    world.command("approve", "numbers look good");
    world.advance(HOUR);
    expect(world.status?.phase).toBe("WaitingPromotion");
    world.command("approve", "QA is asleep");
    world.advance(5 * MINUTE);
    expect(world.status?.history?.[0]?.approvals).toMatchObject([
      { step: 0, reason: "numbers look good" },
      { gates: ["confirm-promotion"], reason: "QA is asleep" },
    ]);
  });

  test("twice within a second is told twice: no approval is lost", () => {
    const waits = [hook("confirm-rollout"), hook("pre-rollout", { threshold: 100 })];
    const world = released(waits, always("no"));
    world.command("approve", "the board is asleep");
    world.settle();
    world.answer("pre-rollout", "no");
    world.settle();
    world.command("approve", "so is the tester");
    world.settle();
    expect(world.status?.run?.approvals).toMatchObject([
      { gates: ["confirm-rollout"], reason: "the board is asleep" },
      { gates: ["pre-rollout"], reason: "so is the tester" },
    ]);
    const told = world.notifications.filter(({ id }) => id.includes("approved-"));
    expect(new Set(told.map(({ id }) => id)).size).toBe(2);
    expect(world.notifications.filter(({ reason }) => reason === "GateWaits")).toHaveLength(1);
  });

  test("is asked again after a restart, and a yes that was not acted on is lost", () => {
    const world = released([hook("confirm-promotion")], always("no"), SLOW);
    world.advance(10 * MINUTE);
    const before = world.status?.run?.gates?.[0]?.since;
    world.restart();
    world.webhooks = always(null);
    world.advance(10 * MINUTE);
    expect(world.status?.phase).toBe("WaitingPromotion");
    expect(world.status?.run?.gates?.[0]?.since).toBe(before);
  });
});

describe("rollback", () => {
  test.each([
    ["Confirming", [hook("confirm-rollout"), hook("rollback")], {}],
    ["Starting", [hook("pre-rollout"), hook("rollback")], {}],
    ["Shadow", [hook("rollback")], { shadow: { percent: 50, duration: "1h" } }],
    ["Step", [hook("rollback")], {}],
  ])("in stage %s ends the run as soon as it says yes", (stage, webhooks, spec) => {
    const world = released(webhooks, (name) => (name === "rollback" ? "no" : null), spec);
    expect(world.status?.run?.stage).toBe(stage);
    world.answer("rollback", "yes");
    world.pass();
    expect(world.traffic).toMatchObject({ canaryWeight: 0, shadowPercent: 0 });
    expect(world.status?.run).toMatchObject({
      stage: "RollingBack",
      outcome: { reason: "RollbackRequested" },
    });
  });

  test("counts during promotion and a pause too", () => {
    const world = released([hook("rollback")], always("no"));
    world.command("pause");
    world.settle();
    world.answer("rollback", "yes");
    world.pass();
    expect(world.status?.run?.outcome).toMatchObject({ reason: "RollbackRequested" });
  });

  test("that refuses for hours is told of in no event and in no status write", () => {
    const world = released([hook("rollback", { interval: "5s" })], always("no"));
    world.command("pause");
    world.advance(MINUTE);
    const [events, asked] = [world.events.length, world.asked.length];
    const written = JSON.stringify(world.status?.run?.gates);
    world.advance(10 * MINUTE);
    expect(world.asked.length - asked).toBeGreaterThanOrEqual(119);
    expect(world.events).toHaveLength(events);
    expect(JSON.stringify(world.status?.run?.gates)).toBe(written);
  });
});

describe("post-rollout", () => {
  test("is called after success and after failure, and nothing waits for it", () => {
    const phases: string[] = [];
    const world = released([hook("post-rollout")], (_, ask) => {
      phases.push(ask.phase);
      return "yes";
    });
    world.advance(HOUR);
    world.ship("v3");
    world.advance(MINUTE);
    world.command("abort");
    world.advance(HOUR);
    expect(phases).toEqual(["Succeeded", "Failed"]);
    expect(world.status?.afterRun).toBeUndefined();
    expect(world.decisions.at(-1)?.requeueAfterMs).toBeNull();
  });

  test("that refuses is told once and not called again", () => {
    const world = released([hook("post-rollout")], always("no"));
    world.advance(HOUR);
    expect(world.events.filter((reason) => reason === "PostRolloutFailed")).toHaveLength(1);
    expect(world.asked).toHaveLength(1);
    expect(world.decisions.at(-1)?.requeueAfterMs).toBeNull();
  });

  test("survives a restart, is tried while it is silent, and given up after its maxWait", () => {
    const world = released([hook("post-rollout", { maxWait: "20m" })], always("none"));
    world.advance(10 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Succeeded", afterRun: { hooks: ["post-rollout"] } });
    world.restart();
    world.advance(HOUR);
    expect(world.status?.afterRun).toBeUndefined();
    expect(world.events.filter((reason) => reason === "PostRolloutFailed")).toHaveLength(1);
  });
});

describe("webhooks of one moment", () => {
  test("are asked at once, and all must agree in the end", () => {
    const names = ["qa", "security", "change-board"];
    const world = released(
      names.map((name) => hook("confirm-rollout", { name })),
      always(null),
    );
    expect(world.asked).toEqual(names);
    world.answer("qa", "yes");
    world.answer("security", "no");
    world.settle();
    expect(world.status?.run?.stage).toBe("Confirming");
    expect(world.status?.message).toMatch(
      /webhook "security": answered 403 .*; and .*webhook "change-board": asked/,
    );
    world.webhooks = always("yes");
    world.answer("change-board", "yes");
    world.advance(MINUTE);
    expect(world.status?.run?.stage).toBe("Step");
  });

  test("whose yes has become old are asked again", () => {
    const webhooks = ["qa", "board"].map((name) => hook("confirm-rollout", { name }));
    const world = released(webhooks, (name) => (name === "qa" ? "yes" : "no"));
    world.advance(10 * MINUTE);
    world.webhooks = (name) => (name === "board" ? "yes" : "no");
    world.advance(10 * MINUTE);
    expect(world.status?.run?.stage).toBe("Confirming");
  });
});
