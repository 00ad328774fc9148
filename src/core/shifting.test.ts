import { describe, expect, test } from "vitest";
import { targetAt } from "../../test/support/core-sides.ts";
import { aSpec, CoreWorld, served } from "../../test/support/core-world.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const NO_CANARY = { canaryWeight: 0, shadowPercent: 0, reserved: false };
const ENTERPRISE = [{ headers: { "x-merchant-tier": { exact: "enterprise" } } }];

function adopted(overrides: Record<string, unknown> = {}): CoreWorld {
  const world = new CoreWorld(aSpec({ steps: [{ weight: 50, hold: "1m" }], ...overrides }));
  world.advance(MINUTE);
  expect(world.status?.phase).toBe("Initialized");
  return world;
}

/** All requests of v2 are being given to the canary. */
function shifting(overrides: Record<string, unknown> = {}, prepare?: (world: CoreWorld) => void): CoreWorld {
  const world = adopted(overrides);
  prepare?.(world);
  world.ship("v2");
  world.advanceUntil(() => stageOf(world) === "Shifting", 20 * MINUTE);
  expect(stageOf(world)).toBe("Shifting");
  return world;
}

/** As `shifting`, where a fifth of all requests is of those that `primaryMatch` keeps; proxies learn of routes so late. */
function shiftingAllButSome(lagMs = 0): CoreWorld {
  const world = shifting({ traffic: { istio: { primaryMatch: ENTERPRISE } } });
  let reservedUntilMs = Number.POSITIVE_INFINITY;
  world.evidence = (endMs) => {
    if (world.traffic?.reserved === false) reservedUntilMs = Math.min(reservedUntilMs, world.nowMs);
    const areKept = endMs <= reservedUntilMs + lagMs;
    return areKept ? { canary: served(800), primary: served(200) } : { canary: served(1_000), primary: null };
  };
  return world;
}

/** Up to the pass that finds the primary idle; the next one is to give it the template. */
function untilDecided(world: CoreWorld): void {
  while (stageOf(world) === "Shifting") {
    world.nowMs += SECOND;
    world.pass();
  }
}

/** The primary has been given v2, and does not get ready with it. */
function promoting(overrides: Record<string, unknown> = {}): CoreWorld {
  const world = shifting(overrides);
  world.starts = () => false;
  world.advanceUntil(() => world.primary?.revision === "v2", 5 * MINUTE);
  expect(stageOf(world)).toBe("Promoting");
  return world;
}

function stageOf(world: CoreWorld): string | undefined {
  return world.status?.run?.stage;
}

describe("promotion", () => {
  test("gives the primary the new template only when no request is seen at it any more", () => {
    const world = shifting({}, (it) => {
      it.lagMs = MINUTE;
    });
    const shiftedMs = world.nowMs;
    expect(world.traffic?.canaryWeight).toBe(100);
    world.advance(MINUTE);
    expect(world.primary?.revision).toBe("v1");
    world.advanceUntil(() => world.primary?.revision === "v2", 5 * MINUTE);
    expect(world.nowMs - shiftedMs).toBeGreaterThan(MINUTE + 15 * SECOND);
    expect(world.nowMs - shiftedMs).toBeLessThan(2 * MINUTE);
    world.advance(5 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Succeeded", promoted: { revision: "v2" } });
  });

  test("sends requests back to the primary only when all its pods are ready, and have been for --settle", () => {
    const world = promoting();
    world.settings = { ...world.settings, settleMs: 5 * SECOND };
    world.primary = { ...world.primary!, readyReplicas: 3, isRolledOut: true };
    world.advance(4 * SECOND);
    expect(world.traffic?.canaryWeight).toBe(100);
    world.primary = { ...world.primary!, readyReplicas: 2 };
    world.settle();
    world.primary = { ...world.primary!, readyReplicas: 3 };
    world.advance(4 * SECOND);
    expect(world.traffic?.canaryWeight).toBe(100);
    world.advance(SECOND);
    expect(world.traffic).toEqual(NO_CANARY);
    expect(stageOf(world)).toBe("Finalising");
  });

  test.each([
    { what: "the canary has lost its pods", stage: "Starting", canaryWeight: 0 },
    { what: "somebody has set the routes back", stage: "Shifting", canaryWeight: 100 },
    { what: "the target has another revision", stage: "RollingBack", canaryWeight: 0 },
  ])("does not roll the primary when, just before, $what", ({ stage, canaryWeight }) => {
    const world = shifting();
    untilDecided(world);
    if (stage === "Starting") world.target = targetAt("v2", 3, 0);
    else if (stage === "Shifting") world.traffic = NO_CANARY;
    else world.ship("v3");
    world.pass();
    expect(stageOf(world)).toBe(stage);
    world.pass();
    expect(world.traffic).toMatchObject({ canaryWeight });
    expect(world.primary?.revision).toBe("v1");
  });

  test("drains the primary once more when somebody has set the routes back, and then promotes", () => {
    const world = shifting();
    untilDecided(world);
    const fromMs = world.nowMs;
    world.traffic = NO_CANARY;
    world.advanceUntil(() => world.primary?.revision === "v2", 5 * MINUTE);
    expect(world.nowMs - fromMs).toBeGreaterThanOrEqual(world.settings.drainMs);
    world.advance(5 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Succeeded", promoted: { revision: "v2" } });
  });

  test("goes on after --drain-max although requests are still seen at the primary, and says so", () => {
    const world = shifting();
    world.evidence = () => ({ canary: served(900), primary: served(100) });
    world.advance(world.settings.drainMaxMs - SECOND);
    expect(world.primary?.revision).toBe("v1");
    world.advance(2 * SECOND);
    expect(world.primary?.revision).toBe("v2");
    const told = world.decisions.flatMap(({ events }) => events).find((it) => it.reason === "DrainTimedOut");
    expect(told?.message).toMatch(/^After 3m the primary's pods go although 200 requests arrived there/);
  });

  test("waits for the time alone where the metrics source does not answer", () => {
    const world = shifting();
    world.evidence = () => null;
    world.advance(world.settings.drainMs + 20 * SECOND);
    expect(world.primary?.revision).toBe("v2");
  });

  test("keeps with the primary whom primaryMatch keeps there until the canary serves all others", () => {
    const world = shiftingAllButSome();
    expect(world.traffic).toEqual({ canaryWeight: 100, shadowPercent: 0, reserved: true });
    expect(world.status?.message).toContain(
      "All requests go to the 3 canary pods but those that primaryMatch keeps with the primary; these follow when",
    );
    world.advance(world.settings.drainMs + SECOND);
    expect(world.traffic).toEqual({ canaryWeight: 100, shadowPercent: 0, reserved: false });
    expect(world.status?.message).toMatch(/^All requests go to the 3 canary pods; the primary takes over/);
    expect(world.events.filter((reason) => reason === "PrimaryMatchEnded")).toHaveLength(1);
    expect(world.primary?.revision).toBe("v1");
  });

  test("gives the primary the new template when none of those is seen there any more either", () => {
    const world = shiftingAllButSome(MINUTE);
    world.advanceUntil(() => world.traffic?.reserved === false, MINUTE);
    const movedMs = world.nowMs;
    world.advanceUntil(() => world.primary?.revision === "v2", 5 * MINUTE);
    expect(world.nowMs - movedMs).toBeGreaterThan(MINUTE + 15 * SECOND);
    expect(world.nowMs - movedMs).toBeLessThan(2 * MINUTE);
    expect(world.events).not.toContain("DrainTimedOut");
    world.advance(5 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Succeeded", promoted: { revision: "v2" } });
  });

  test("waits for --drain-max where nobody was seen that primaryMatch keeps, since their absence tells nothing", () => {
    const world = shiftingAllButSome();
    world.evidence = () => ({ canary: served(1_000), primary: null });
    world.advanceUntil(() => world.traffic?.reserved === false, MINUTE);
    const movedMs = world.nowMs;
    world.advanceUntil(() => world.primary?.revision === "v2", 5 * MINUTE);
    expect(world.nowMs - movedMs).toBeGreaterThanOrEqual(world.settings.drainMaxMs);
    expect(world.events).not.toContain("DrainTimedOut");
  });

  test("takes them back with all others when the canary loses its pods, and keeps them again when it begins anew", () => {
    const world = shiftingAllButSome();
    world.advanceUntil(() => world.traffic?.reserved === false, MINUTE);
    world.target = targetAt("v2", 3, 0);
    world.canaryService = { ...world.canaryService, readyEndpoints: 0 };
    world.settle();
    expect(world.traffic).toEqual(NO_CANARY);
    world.target = targetAt("v2", 3, 3);
    world.canaryService = { ...world.canaryService, readyEndpoints: 3 };
    world.settle();
    expect(world.traffic).toEqual({ canaryWeight: 50, shadowPercent: 0, reserved: true });
  });

  test("gives the canary pods for all requests first, and the primary as many before they come back", () => {
    const world = adopted();
    world.ship("v2");
    world.settle();
    world.primary = { ...world.primary!, desiredReplicas: 8, readyReplicas: 8 };
    world.starts = () => false;
    world.advance(2 * MINUTE);
    expect(world.traffic?.canaryWeight).toBe(50);
    expect(world.target?.desiredReplicas).toBe(8);
    world.starts = () => true;
    world.target = targetAt("v2", 8, 8);
    world.canaryService = { ...world.canaryService, readyEndpoints: 8 };
    world.settle();
    expect(world.traffic?.canaryWeight).toBe(100);
    world.primary = { ...world.primary!, desiredReplicas: 3, readyReplicas: 3 };
    world.settle();
    expect(world.primary?.desiredReplicas).toBe(8);
    world.advance(5 * MINUTE);
    expect(world.status?.phase).toBe("Succeeded");
  });

  test("ends the same when the controller begins anew at any place of it", () => {
    const world = shifting();
    world.advance(20 * SECOND);
    world.restart();
    world.seen = null;
    world.advanceUntil(() => stageOf(world) === "Promoting", 2 * MINUTE);
    world.restart();
    world.seen = null;
    world.advance(5 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Succeeded", promoted: { revision: "v2" } });
  });
});

describe("before the primary has been touched", () => {
  test("an abort is one write of the routes", () => {
    const world = shifting();
    world.command("abort");
    expect(world.pass().actions).toEqual([{ kind: "setTraffic", traffic: NO_CANARY }]);
    world.advance(5 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Failed", rejected: { revision: "v2" } });
    expect(revisionsGiven(world)).toEqual([]);
  });

  test("a revision that does not hold its limits with all requests is rolled back", () => {
    const world = shifting();
    world.evidence = () => ({ canary: served(1_000, 400), primary: null });
    world.advance(2 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Failed", rejected: { revision: "v2" } });
    expect(world.status?.run?.outcome?.reason).toBe("MetricFailed");
    expect(revisionsGiven(world)).toEqual([]);
  });

  test("another revision takes the weight to 0 and begins its own run", () => {
    const world = shifting();
    world.ship("v3");
    expect(world.pass().actions).toEqual([{ kind: "setTraffic", traffic: NO_CANARY }]);
    world.advance(MINUTE);
    expect(world.status?.run).toMatchObject({ revision: "v3" });
    expect(revisionsGiven(world)).toEqual([]);
  });

  test("another revision that is not to start yet has no pods until it is", () => {
    const world = shifting();
    world.ship("v3");
    world.settle();
    world.spec = { ...world.spec, suspend: true };
    world.advance(5 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Waiting" });
    expect(world.status?.run).toBeUndefined();
    expect(world.target?.desiredReplicas).toBe(0);
    world.spec = { ...world.spec, suspend: false };
    world.advance(10 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Succeeded", promoted: { revision: "v3" } });
  });

  test("a canary that loses its pods gives all requests back, and begins again", () => {
    const world = shifting();
    world.target = targetAt("v2", 3, 0);
    world.canaryService = { ...world.canaryService, readyEndpoints: 0 };
    world.settle();
    expect(world.traffic).toEqual(NO_CANARY);
    expect(stageOf(world)).toBe("Starting");
    world.target = targetAt("v2", 3, 3);
    world.canaryService = { ...world.canaryService, readyEndpoints: 3 };
    world.advance(10 * MINUTE);
    expect(world.status?.phase).toBe("Succeeded");
    const ids = world.notifications.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test("routes that somebody changes again and again end the run in the end", () => {
    const world = shifting();
    for (let tries = 0; tries < 160 && stageOf(world) === "Shifting"; tries += 1) {
      world.traffic = { ...NO_CANARY, canaryWeight: 50 };
      world.advance(5 * SECOND);
    }
    expect(world.status?.run?.outcome?.reason).toBe("PromotionFailed");
    expect(revisionsGiven(world)).toEqual([]);
    expect(world.traffic).toEqual(NO_CANARY);
  });

  test("a command to pause is refused, with what can be done", () => {
    const world = shifting();
    world.command("pause");
    const { events } = world.pass();
    expect(events[0]?.message).toContain("a run in stage Shifting cannot stand still; abort it");
  });
});

describe("once the primary has begun to take over", () => {
  test("a primary that does not get ready in time is set back, and its old pods serve at once", () => {
    const world = promoting();
    world.advance(11 * MINUTE);
    expect(world.primary?.revision).toBe("v1");
    expect(world.status?.history?.[0]?.reason ?? world.status?.run?.outcome?.reason).toBe("PromotionFailed");
    expect(world.traffic).toEqual(NO_CANARY);
  });

  test("requests stay with the canary while the primary has no pod at all, whatever is asked", () => {
    const world = promoting();
    world.primary = { ...world.primary!, readyReplicas: 0 };
    world.command("abort");
    world.advance(MINUTE);
    expect(world.traffic?.canaryWeight).toBe(100);
    expect(world.status).toMatchObject({ phase: "Failed", canaryWeight: 100 });
    expect(world.status?.message).toContain(
      "The primary has no ready pod: the canary serves until it has one.",
    );
    expect(world.primary?.revision).toBe("v1");
    world.primary = { ...world.primary!, readyReplicas: 1 };
    world.settle();
    expect(world.traffic).toEqual(NO_CANARY);
    expect(world.status?.canaryWeight).toBe(0);
    world.advance(5 * MINUTE);
    expect(world.status?.run).toBeUndefined();
    expect(world.target?.desiredReplicas).toBe(0);
  });
});

describe("pods that have just become ready", () => {
  test("get their first requests after --settle", () => {
    const world = adopted();
    world.settings = { ...world.settings, settleMs: 5 * SECOND };
    world.ship("v2");
    world.advance(4 * SECOND);
    expect(stageOf(world)).toBe("Starting");
    expect(world.traffic).toEqual(NO_CANARY);
    world.advance(SECOND);
    expect(world.traffic?.canaryWeight).toBe(50);
  });

  test("wait anew when one of them is lost meanwhile", () => {
    const world = adopted();
    world.settings = { ...world.settings, settleMs: 5 * SECOND };
    world.ship("v2");
    world.advance(4 * SECOND);
    world.target = targetAt("v2", 3, 2);
    world.settle();
    world.target = targetAt("v2", 3, 3);
    world.advance(4 * SECOND);
    expect(stageOf(world)).toBe("Starting");
    world.advance(SECOND);
    expect(stageOf(world)).toBe("Step");
  });
});

/** What the primary was made to run. */
function revisionsGiven(world: CoreWorld): readonly string[] {
  return world.decisions.flatMap(({ actions }) =>
    actions.flatMap((action) => (action.kind === "promotePrimary" ? [action.revision] : [])),
  );
}
