import fc from "fast-check";
import { expect, test } from "vitest";
import { aSpec, CoreWorld, served } from "../../test/support/core-world.ts";
import { WEBHOOK_TYPES } from "../api/spec-gates.ts";
import type { GateAnswer } from "./snapshot.ts";

const RUNS = 20;
const HOURS = 2 * 3_600_000;

type Answer = GateAnswer["result"] | null;

const HOOKS = WEBHOOK_TYPES.filter((type) => type !== "event").map((type) => ({
  name: type,
  type,
  url: "http://gates.test/",
  ...(type === "rollback" || type === "post-rollout" ? {} : { maxWait: "20m" }),
}));

const answer: fc.Arbitrary<Answer> = fc.constantFrom("yes", "no", "none", null);
const answers = fc.record(Object.fromEntries(HOOKS.map(({ name }) => [name, answer])));

/** Something that happens, and what every webhook says from then on. */
const move = fc.record({
  what: fc.constantFrom("v2", "v3", "v1", "approve", "pause", "resume", "restart", "late answers", "nothing"),
  answers,
  seconds: fc.integer({ min: 1, max: 400 }),
});
const moves = fc.array(move, { minLength: 1, maxLength: 10 });
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;

/** What must take the weight to 0, whatever webhooks say. */
const LOWERING: Readonly<Record<string, (world: CoreWorld) => void>> = {
  "an abort": (world) => world.command("abort"),
  "a new revision": (world) => world.ship("v9"),
  "a revert": (world) => world.ship("v1"),
  deletion: (world) => {
    world.deleting = true;
  },
  "no pod left": (world) => {
    const { target, canaryService } = world;
    if (target?.current != null)
      world.target = { ...target, current: { ...target.current, readyReplicas: 0 } };
    world.canaryService = { ...canaryService, readyEndpoints: 0 };
  },
  "a failing metric": (world) => {
    world.evidence = () => ({ canary: served(300, 200), primary: served(2_000) });
  },
};

function play(steps: readonly Move[]): CoreWorld {
  const analysis = {
    interval: "1m",
    warmup: "0s",
    minRequests: 50,
    metrics: [{ name: "success-rate", min: 99 }],
  };
  const schedule = [{ deny: "*/50 * * * *", for: "5m" }];
  const world = new CoreWorld(aSpec({ webhooks: HOOKS, schedule, analysis }));
  world.advance(3 * 60_000);
  for (const { what, answers: said, seconds } of steps) {
    world.webhooks = (name) => said[name] ?? null;
    if (what.startsWith("v")) world.ship(what);
    else if (what === "restart") world.restart();
    else if (what === "late answers") for (const { name } of HOOKS) world.answer(name, said[name] ?? "none");
    else if (what !== "nothing") world.command(what as "approve");
    world.settle();
    world.advance(seconds * 1_000);
  }
  return world;
}

/** The largest weight that a run may reach without the yes of a webhook of this type. */
const LARGEST_WITHOUT: Readonly<Record<string, number>> = {
  "confirm-rollout": 0,
  "pre-rollout": 0,
  "confirm-traffic-increase": 0,
  rollout: 10,
};

function weightsOf(world: CoreWorld): readonly number[] {
  return world.decisions.flatMap(({ actions }) =>
    actions.flatMap((action) => (action.kind === "setTraffic" ? [action.traffic.canaryWeight] : [])),
  );
}

test("no weight rises without the yes of everybody who is to be asked, and each transition is told once", () => {
  fc.assert(
    fc.property(moves, (steps) => {
      const world = play(steps);
      const isApproved = steps.some(({ what }) => what === "approve");
      const hasAgreed = (name: string) =>
        isApproved || steps.some(({ answers: said }) => said[name] === "yes");
      for (const [name, largest] of Object.entries(LARGEST_WITHOUT)) {
        if (!hasAgreed(name)) expect(Math.max(0, ...weightsOf(world))).toBeLessThanOrEqual(largest);
      }
      if (!hasAgreed("confirm-promotion")) expect(world.events).not.toContain("PromotionStarted");
      const ids = world.notifications.map(({ id }) => id);
      expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

test("webhooks never delay a weight 0: not of an abort, a change of the target, a deletion, lost pods or a failing metric", () => {
  fc.assert(
    fc.property(moves, answers, fc.constantFrom(...Object.keys(LOWERING)), (steps, said, cause) => {
      const world = play(steps);
      const stage = world.status?.run?.stage;
      world.webhooks = (name) => said[name] ?? null;
      LOWERING[cause]?.(world);
      if (cause === "a failing metric") world.advance(4 * 60_000);
      else world.pass();
      // A promotion under way goes on whatever becomes of the target: it has passed.
      if (cause === "an abort" || stage !== "Promoting") expect(world.traffic?.canaryWeight ?? 0).toBe(0);
    }),
    { numRuns: RUNS },
  );
});

test("every run ends or is held for a named reason, and at rest nothing is asked", () => {
  fc.assert(
    fc.property(moves, (steps) => {
      const world = play(steps);
      world.advance(HOURS);
      const { run, phase = "" } = world.status ?? {};
      if (run !== undefined) {
        expect(run.pause !== undefined || ["Waiting", "WaitingPromotion"].includes(phase)).toBe(true);
        return;
      }
      const asked = world.asked.length;
      world.advance(24 * HOURS);
      expect(world.asked).toHaveLength(asked);
      expect(world.status?.afterRun).toBeUndefined();
    }),
    { numRuns: RUNS / 2 },
  );
});
