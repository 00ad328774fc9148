import { describe, expect, it } from "vitest";
import { CoreWorld } from "../../test/support/core-world.ts";
import type { Rollout } from "../api/rollout.ts";
import type { Action } from "../core/decision.ts";
import type { TrafficView } from "../core/snapshot.ts";
import { ApiError, isConflict } from "../kube/api-error.ts";
import { Executor } from "./execute.ts";
import type { Scene } from "./gather.ts";

const NO_CANARY: TrafficView = { canaryWeight: 0, shadowPercent: 0, reserved: false };
const HALF: TrafficView = { ...NO_CANARY, canaryWeight: 50 };

function set(traffic: TrafficView): Action {
  return { kind: "setTraffic", traffic };
}

/** How a read finds the Rollout; null: gone. */
type Found = { readonly version: string; readonly uid?: string } | "hangs" | null;

/**
 * Executes actions on a Rollout that was read at version 7, with routes as they are; what was done, reads included. Something
 * urgent happens while a read hangs.
 */
async function execute(
  actions: readonly Action[],
  {
    now = { version: "7" },
    traffic = NO_CANARY,
  }: { readonly now?: Found; readonly traffic?: TrafficView | null } = {},
) {
  const world = new CoreWorld();
  world.advance(60_000);
  world.traffic = traffic;
  const { metadata, ...rest } = world.rollout();
  const rollout: Rollout = { ...rest, metadata: { ...metadata, resourceVersion: "7" } };
  const done: string[] = [];
  const doing = (what: string) => async () => void done.push(what);
  const urgent = new AbortController();
  const executor = new Executor({
    client: {
      get: async () => {
        done.push("read");
        if (now === "hangs") {
          urgent.abort(new Error("an abort"));
          return new Promise(() => {});
        }
        if (now === null) throw new ApiError("reading", { code: 404, reason: "NotFound" });
        const { version, uid = metadata.uid } = now;
        return { ...rollout, metadata: { ...rollout.metadata, uid, resourceVersion: version } };
      },
    } as never,
    workload: { promote: doing("promote") } as never,
    router: {
      setTraffic: async (_: unknown, { canaryWeight }: TrafficView) =>
        void done.push(`weight ${canaryWeight}`),
      ensureServices: doing("services"),
      ensureRoutes: doing("routes"),
      pointApex: doing("apex"),
    } as never,
  });
  const snapshot = { ...world.snapshot(), rollout };
  const scene = { snapshot, inForce: rollout, routes: {} } as unknown as Scene;
  const decision = { actions, status: rollout.status, finally: [] };
  const failure = await executor
    .execute(scene, decision as never, { onStatus: () => {}, signal: urgent.signal })
    .then(() => null)
    .catch((error: unknown) => error);
  return { done, failure };
}

describe("the executor", () => {
  it.each([
    ["raises a weight", set(HALF), "weight 50"],
    ["promotes", { kind: "promotePrimary", revision: "v2" } as const, "promote"],
  ])(
    "%s only when the Rollout is as it was read: a silent watch may hide an abort",
    async (_, action, what) => {
      expect((await execute([action])).done).toEqual(["read", what]);
      const changed = await execute([action], { now: { version: "8" } });
      expect(changed.done).toEqual(["read"]);
      expect(isConflict(changed.failure)).toBe(true);
    },
  );

  it("takes requests from the canary without reading anything first", async () => {
    expect((await execute([set(NO_CANARY)], { traffic: HALF, now: null })).done).toEqual(["weight 0"]);
  });

  it("does not wait for a read that hangs when something urgent has happened", async () => {
    const { done, failure } = await execute([set(HALF)], { now: "hangs" });
    expect(done).toEqual(["read"]);
    expect(failure).toEqual(new Error("an abort"));
  });

  it("sees a rise also where the pass itself has set the weight right before", async () => {
    const { done } = await execute([set(NO_CANARY), set(HALF)], { traffic: HALF, now: { version: "8" } });
    expect(done).toEqual(["weight 0", "read"]);
  });

  it.each([
    ["is gone", null],
    ["is another one by now", { version: "7", uid: "another" }],
  ])("makes nothing for a Rollout that %s", async (_, now) => {
    for (const kind of ["ensureServices", "ensureRoutes"] as const) {
      const { done, failure } = await execute([{ kind }], { now });
      expect(done).toEqual(["read"]);
      expect(failure).toBeInstanceOf(Error);
    }
    expect((await execute([set(NO_CANARY)], { now, traffic: null })).done).toEqual(["read"]);
  });

  it("reads it once for all that a pass makes", async () => {
    const { done } = await execute([{ kind: "ensureServices" }, { kind: "ensureRoutes" }, set(NO_CANARY)], {
      traffic: null,
    });
    expect(done).toEqual(["read", "services", "routes", "weight 0"]);
  });
});
