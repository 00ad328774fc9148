import { commandAnnotation } from "../api/command.ts";
import { FINALIZER } from "../api/names.ts";
import { ROLLOUT } from "../api/resource.ts";
import type { Rollout } from "../api/rollout.ts";
import type { RolloutStatus } from "../api/status.ts";
import type { Action, Decision } from "../core/decision.ts";
import { isRaising } from "../core/lowering.ts";
import type { RoutingView, TrafficView } from "../core/snapshot.ts";
import { abortable } from "../kube/abortable.ts";
import { changedSinceRead, isNotFound } from "../kube/api-error.ts";
import type { Client } from "../kube/client.ts";
import { keyText } from "../kube/object.ts";
import { assertNever } from "../lib/assert.ts";
import { OperationError } from "../lib/errors.ts";
import { isDeepEqual } from "../lib/json.ts";
import type { Router } from "../router/router.ts";
import type { Workload } from "../workload/workload.ts";
import type { Scene } from "./gather.ts";
import { NO_TRACE, type Trace } from "./run-trace.ts";

interface Parts {
  /** Records its writes in the caches, so that the next pass sees them. */
  readonly client: Client;
  readonly workload: Workload;
  readonly router: Router;
  readonly trace?: Trace | undefined;
}

/** Something urgent has happened while a write was under way. */
export class PassInterrupted extends Error {
  override readonly name = "PassInterrupted";

  constructor() {
    super("something urgent has happened to the Rollout");
  }
}

export function isInterruption(thrown: unknown): boolean {
  return thrown instanceof PassInterrupted;
}

class RolloutGoneError extends OperationError {
  readonly code = "RolloutGone";
}

export interface Execution {
  /** Called when the status is as decided. */
  readonly onStatus: () => void;
  /** Called when the traffic is as an action wants it. */
  readonly onTraffic?: () => void;
  /** Called with each write as it begins. */
  readonly onWrite?: (write: Promise<unknown>) => void;
  /** When it aborts, what is under way is left to itself, and the rest undone; but for changes of traffic. */
  readonly signal: AbortSignal;
}

/** The only place that changes the world. */
export class Executor {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Performs the actions in order, then writes the status if it differs, then the final actions. The first failure
   * rejects and leaves the rest undone: the next pass decides anew. Resolves to whether anything was written.
   */
  async execute(scene: Scene, decision: Decision, execution: Execution): Promise<boolean> {
    const { onStatus, onTraffic, signal } = execution;
    const stage = new Stage(this.#parts, scene);
    const perform = (action: Action) =>
      this.#traced(scene, decision, action.kind, () => performed(stage, action, execution));
    for (const action of decision.actions) {
      await perform(action);
      if (action.kind === "setTraffic") onTraffic?.();
    }
    signal.throwIfAborted();
    const writing = stage.writeStatus(decision.status, (write) =>
      this.#traced(scene, decision, "writeStatus", write),
    );
    execution.onWrite?.(writing);
    const wroteStatus = await abortable(writing, signal);
    onStatus();
    for (const action of decision.finally) await perform(action);
    return wroteStatus || decision.actions.length > 0 || decision.finally.length > 0;
  }

  /** A write belongs to the stage that it leads to, or to the last one of the run. */
  #traced<T>(scene: Scene, { status }: Decision, name: string, write: () => Promise<T>): Promise<T> {
    const { rollout } = scene.snapshot;
    const { trace = NO_TRACE } = this.#parts;
    return trace.during(rollout, status.run ?? rollout.status?.run, { name, kind: "client" }, write);
  }

  /** The status alone, if it differs from the one that was read. */
  async writeStatus(rollout: Rollout, status: RolloutStatus): Promise<void> {
    if (isDeepEqual(status, rollout.status)) return;
    await this.#parts.client.update(ROLLOUT, { ...rollout, status }, { subresource: "status" });
  }
}

/**
 * An abort must not wait for a scale that nobody answers. A change of traffic is waited for: one that raises the weight
 * must not come to pass after weight 0 has been written.
 */
async function performed(stage: Stage, action: Action, { onWrite, signal }: Execution): Promise<void> {
  signal.throwIfAborted();
  await abortable(stage.readFirst(action), signal);
  const work = stage.perform(action);
  onWrite?.(work);
  await (action.kind === "setTraffic" ? work : abortable(work, signal));
}

/** One execution: knows the newest version of the Rollout, since its own writes move it. */
class Stage {
  readonly #parts: Parts;
  readonly #scene: Scene;
  #metadata: Rollout["metadata"];
  /** As it was read, and then as it was set. */
  #routing: RoutingView;
  #isOwnerThere = false;

  constructor(parts: Parts, scene: Scene) {
    this.#parts = parts;
    this.#scene = scene;
    this.#metadata = scene.snapshot.rollout.metadata;
    this.#routing = scene.snapshot.routing;
  }

  /** What an action is not left to a watch for (docs/decisions/0013). */
  async readFirst(action: Action): Promise<void> {
    switch (action.kind) {
      case "promotePrimary":
        return this.#assertUnchanged(`promoting ${action.revision} for`);
      case "createPrimary":
      case "ensureServices":
      case "ensureRoutes":
        return this.#assertOwner();
      case "pointApex":
        if (!this.#scene.snapshot.services.apex.exists) await this.#assertOwner();
        return;
      case "setTraffic":
        return this.#assertMaySet(action.traffic);
      default:
        return;
    }
  }

  async perform(action: Action): Promise<void> {
    const { router, workload } = this.#parts;
    const { inForce, routes } = this.#scene;
    switch (action.kind) {
      case "addFinalizer":
        return this.#patchMetadata({ finalizers: [...(this.#metadata.finalizers ?? []), FINALIZER] });
      case "removeFinalizer":
        return this.#patchIfThere({
          finalizers: (this.#metadata.finalizers ?? []).filter((name) => name !== FINALIZER),
        });
      case "clearCommand":
        return this.#patchIfThere({ annotations: { [commandAnnotation(action.command)]: null } });
      case "createPrimary":
        return workload.createPrimary(inForce, action);
      case "promotePrimary":
        return workload.promote(inForce, action.revision);
      case "revertPrimary":
        return workload.revertPrimary(inForce, action.revision);
      case "scaleTarget":
        return workload.scaleTarget(inForce, action.replicas);
      case "scalePrimary":
        return workload.scalePrimary(inForce, action.replicas);
      case "deletePrimary":
        return workload.deletePrimary(inForce);
      case "ensureServices":
        return router.ensureServices(routes);
      case "ensureRoutes":
        return router.ensureRoutes(routes);
      case "pinCanary":
        return router.pinCanary(routes, action.revision);
      case "pointApex":
        return router.pointApex(routes, action.side);
      case "setTraffic":
        await router.setTraffic(routes, action.traffic);
        this.#routing = { kind: "present", traffic: action.traffic, inSync: true };
        return;
      case "removeRoutes":
        return router.removeRoutes(routes);
      case "removeServices":
        return router.removeServices(routes);
      default:
        return assertNever(action);
    }
  }

  /** With the resourceVersion that was read: a Rollout that has moved on is decided anew. */
  async writeStatus(
    status: RolloutStatus,
    wrapped: <T>(write: () => Promise<T>) => Promise<T>,
  ): Promise<boolean> {
    if (isDeepEqual(status, this.#scene.snapshot.rollout.status)) return false;
    const object: Rollout = { ...this.#scene.snapshot.rollout, metadata: this.#metadata, status };
    const written = await wrapped(() =>
      this.#parts.client.update(ROLLOUT, object, { subresource: "status" }),
    );
    this.#metadata = written.metadata;
    return true;
  }

  /**
   * What gives the canary requests (and the primary its template) is decided on a Rollout that is still as it was read: a
   * watch that hangs would hide an abort. What takes requests away waits for nothing.
   */
  async #assertMaySet(traffic: TrafficView): Promise<void> {
    if (isRaising(traffic, this.#routing)) await this.#assertUnchanged("raising the weight of");
    else if (this.#routing.kind === "missing") await this.#assertOwner();
  }

  async #assertUnchanged(doing: string): Promise<void> {
    const { namespace, name, resourceVersion } = this.#metadata;
    const found = await this.#owner();
    if (found.metadata.resourceVersion === resourceVersion) return;
    throw changedSinceRead(`${doing} Rollout ${keyText({ namespace, name })}`);
  }

  /**
   * Owned by a Rollout that is gone, an object would be collected at once and made again, as often as that can be done
   * before a cache learns of it.
   */
  async #assertOwner(): Promise<void> {
    if (!this.#isOwnerThere) await this.#owner();
    this.#isOwnerThere = true;
  }

  async #owner(): Promise<Rollout> {
    const { namespace, name, uid } = this.#metadata;
    const found = await this.#parts.client.get(ROLLOUT, { namespace, name });
    if (found.metadata.uid === uid) return found;
    throw new RolloutGoneError(`Rollout ${name} is another one than was read`);
  }

  /** Deleted meanwhile: there is nothing left to change. */
  async #patchIfThere(change: object): Promise<void> {
    try {
      await this.#patchMetadata(change);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #patchMetadata(change: object): Promise<void> {
    const { name, namespace, resourceVersion } = this.#metadata;
    const body = { metadata: { ...change, resourceVersion } };
    const written = await this.#parts.client.patch(ROLLOUT, { namespace, name }, { type: "merge", body });
    this.#metadata = written.metadata;
  }
}
