import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { targetAt } from "../../test/support/core-sides.ts";
import { aSpec, CoreWorld, served } from "../../test/support/core-world.ts";
import { COMMANDS } from "../api/command.ts";

/** One thing that users, pods, metrics or time may do. */
type Move = (world: CoreWorld) => void;

const EVIDENCE: Readonly<Record<string, CoreWorld["evidence"]>> = {
  good: () => ({ canary: served(100), primary: served(900) }),
  bad: () => ({ canary: served(100, 60), primary: served(900) }),
  none: () => ({ canary: null, primary: null }),
  outage: () => null,
};

const move: fc.Arbitrary<{ readonly name: string; readonly make: Move }> = fc.oneof(
  fc
    .constantFrom("v1", "v2", "v3", "v4")
    .map((hash) => ({ name: `ship ${hash}`, make: (world: CoreWorld) => world.ship(hash) })),
  fc.constantFrom(...COMMANDS).map((name) => ({
    name,
    make: (world: CoreWorld) => {
      // No person gives two commands within a millisecond; what is told of them is told apart by that.
      world.advance(1);
      world.command(name);
    },
  })),
  fc
    .integer({ min: 1, max: 900 })
    .map((seconds) => ({ name: `${seconds}s`, make: (world: CoreWorld) => world.advance(seconds * 1_000) })),
  fc.constantFrom(...Object.keys(EVIDENCE)).map((kind) => ({
    name: `evidence ${kind}`,
    make: (world: CoreWorld) => {
      world.evidence = EVIDENCE[kind]!;
    },
  })),
  fc.constantFrom("v2", "v3", null).map((broken) => ({
    name: `pods of ${broken} do not start`,
    make: (world: CoreWorld) => {
      world.starts = (hash) => hash !== broken;
    },
  })),
  fc
    .integer({ min: 0, max: 3 })
    .map((ready) => ({ name: `${ready} pods ready`, make: (world: CoreWorld) => losePods(world, ready) })),
  fc.integer({ min: 0, max: 100 }).map((canaryWeight) => ({
    name: `somebody sets weight ${canaryWeight}`,
    make: (world: CoreWorld) => {
      if (world.traffic !== null) world.traffic = { ...world.traffic, canaryWeight };
    },
  })),
  fc.boolean().map((suspend) => ({
    name: `suspend ${suspend}`,
    make: (world: CoreWorld) => {
      world.spec = { ...world.spec, suspend };
    },
  })),
  fc.constant({
    name: "controller restarts",
    make: (world: CoreWorld) => {
      world.judge = null;
    },
  }),
);

function losePods(world: CoreWorld, ready: number): void {
  const hash = world.target?.current?.hash;
  if (hash === undefined || world.target === null) return;
  world.target = targetAt(hash, world.target.desiredReplicas, Math.min(ready, world.target.desiredReplicas));
  const isPinned = world.canaryService.pinnedHash === hash;
  world.canaryService = {
    ...world.canaryService,
    readyEndpoints: isPinned ? world.target.current!.readyReplicas : 0,
  };
}

const moves = fc.array(move, { minLength: 1, maxLength: 25 });

const TESTERS = [{ headers: { "x-tester": { exact: "yes" } } }];
const SHADOW = { percent: 50, duration: "1m" };
const BY_MATCH = { steps: undefined };

/** Every way to release: by weight, with requests that are reserved for a side, and by match alone. */
const SPECS: Readonly<Record<string, Record<string, unknown>>> = {
  steps: {},
  shadow: { shadow: SHADOW },
  testers: { traffic: { istio: { canaryMatch: TESTERS } }, shadow: SHADOW },
  kept: { traffic: { istio: { primaryMatch: TESTERS } }, shadow: SHADOW },
  ab: { ...BY_MATCH, ab: { match: TESTERS, duration: "1m" } },
  blueGreen: { ...BY_MATCH, blueGreen: { previewMatch: TESTERS, duration: "1m" } },
  approved: { ...BY_MATCH, blueGreen: { previewMatch: TESTERS, duration: "1m", approval: "required" } },
};

const spec = fc.constantFrom(...Object.keys(SPECS)).map((name) => ({ name, spec: aSpec(SPECS[name]) }));

function newWorld(drawn: { readonly spec: CoreWorld["spec"] }): CoreWorld {
  return new CoreWorld(drawn.spec);
}

/** Whether any request is meant for the canary. */
function isUsed({ traffic }: CoreWorld): boolean {
  return traffic !== null && (traffic.canaryWeight > 0 || traffic.shadowPercent > 0 || traffic.reserved);
}

function play(
  world: CoreWorld,
  steps: readonly { readonly make: Move }[],
  after: (world: CoreWorld) => void,
): void {
  world.advance(60_000);
  for (const { make } of steps) {
    make(world);
    world.settle();
    after(world);
  }
}

describe("whatever users, pods and metrics do", () => {
  test("requests go to the canary only while the analysed revision has ready pods behind its Service", () => {
    fc.assert(
      fc.property(spec, moves, (drawn, steps) => {
        play(newWorld(drawn), steps, (world) => {
          if (!isUsed(world)) return;
          expect(world.canaryService.readyEndpoints).toBeGreaterThan(0);
          expect(world.canaryService.pinnedHash).toBe(world.status?.run?.revision);
          expect(world.target?.current?.hash).toBe(world.status?.run?.revision);
        });
      }),
    );
  });

  test("the status tells the weight that the routes have", () => {
    fc.assert(
      fc.property(spec, moves, (drawn, steps) => {
        play(newWorld(drawn), steps, (world) => {
          expect(world.traffic?.canaryWeight).toBe(world.status?.canaryWeight);
          if (world.status?.run === undefined) expect(world.traffic?.canaryWeight).toBe(0);
        });
      }),
    );
  });

  test("routes by match stand as long as the canary of a run serves, and go with it", () => {
    const withMatch = spec.filter(({ name }) => name !== "steps" && name !== "shadow");
    fc.assert(
      fc.property(withMatch, moves, (drawn, steps) => {
        play(newWorld(drawn), steps, (world) => {
          const stage = world.status?.run?.stage;
          const ready = world.canaryService.readyEndpoints;
          const isEveryones = world.status?.run?.everyoneSince !== undefined;
          if (stage === "Shadow" || stage === "Step" || stage === "Shifting")
            expect(world.traffic?.reserved).toBe(!isEveryones);
          else if (stage === "Promoting") expect(world.traffic?.reserved).toBe(ready > 0 && !isEveryones);
          else if (stage !== "Starting" || ready === 0) expect(world.traffic?.reserved ?? false).toBe(false);
        });
      }),
    );
  });

  test("the primary serves only what was promoted, or what is being promoted", () => {
    fc.assert(
      fc.property(spec, moves, (drawn, steps) => {
        play(newWorld(drawn), steps, (world) => {
          const run = world.status?.run;
          const allowed = [
            world.status?.promoted?.revision,
            run?.stage === "Promoting" ? run.revision : undefined,
          ];
          expect(allowed).toContain(world.primary?.revision);
        });
      }),
    );
  });

  test("nothing is promoted without a passing verdict, unless a person or the spec asks for it", () => {
    fc.assert(
      fc.property(spec, moves, (drawn, steps) => {
        const world = newWorld(drawn);
        play(world, steps, () => undefined);
        const promotions = world.decisions.filter((decision) =>
          decision.events.some(({ reason }) => reason === "PromotionStarted"),
        );
        for (const { status } of promotions) {
          expect(
            status.run?.promoteRequested !== undefined ||
              status.run?.skip !== undefined ||
              status.run?.verdict?.result === "pass",
          ).toBe(true);
        }
      }),
    );
  });

  test("each transition is told once", () => {
    fc.assert(
      fc.property(spec, moves, (drawn, steps) => {
        const world = newWorld(drawn);
        play(world, steps, () => undefined);
        const ids = world.notifications.map((notification) => notification.id);
        expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
      }),
    );
  });

  test("every run ends, or is paused for a named reason, once time goes by", () => {
    fc.assert(
      fc.property(spec, moves, (drawn, steps) => {
        const world = newWorld(drawn);
        play(world, steps, () => undefined);
        world.advance(3 * 3_600_000);
        const { status } = world;
        const isNamedWait =
          status?.run?.pause !== undefined ||
          status?.phase === "WaitingPromotion" ||
          status?.phase === "Waiting";
        expect(status?.run === undefined || isNamedWait).toBe(true);
      }),
      { numRuns: 50 },
    );
  }, 60_000);

  test("an abort sends the weight to 0 in the very next pass", () => {
    fc.assert(
      fc.property(spec, moves, (drawn, steps) => {
        const world = newWorld(drawn);
        play(world, steps, () => undefined);
        world.command("abort");
        world.pass();
        const stage = world.status?.run?.stage;
        if (stage !== "Finalising") expect(isUsed(world)).toBe(false);
      }),
    );
  });
});
