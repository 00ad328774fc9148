import type { CommandName } from "../../api/command.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { World } from "../../sim/world.ts";
import type { GateKeeper } from "./gate-keeper.ts";
import type { Inbox } from "./inbox.ts";
import { isHealthy, type Plan } from "./plan.ts";

export const NAMESPACE_NAME = "shop";

/** A write of a controller that has taken effect. */
export interface ControllerWrite {
  readonly atMs: number;
  /** The process that wrote. */
  readonly instance: string;
  readonly method: string;
  readonly path: string;
  readonly kind: string;
  readonly isStatus: boolean;
  /** As it is after the write; for deletions what the server answered. */
  readonly object: KubeObject;
}

/** What invariants are checked against: the world, what people did to it, and never our own status. */
export interface Scene {
  readonly plan: Plan;
  readonly world: World;
  readonly people: PeopleRecord;
  readonly inbox: Pick<Inbox, "messages">;
  readonly gates: Pick<GateKeeper, "hasSaidYes">;
}

export interface GivenCommand {
  readonly command: CommandName;
  readonly atMs: number;
  /** Its annotation was taken away again by a person (`kubectl replace`) while it was still there. */
  readonly isWithdrawn: boolean;
}

/** What people asked for, when it took effect. */
export interface PeopleRecord {
  /** Commands given to the Rollout so far. */
  commands(rollout: string): readonly GivenCommand[];
  /** The image that people want the target to have; null once they deleted it. */
  wantedImage(rollout: string): string | null;
  /** Its finalizer was taken away (`kubectl replace`) while it was being deleted: it went at once. */
  hasCutShort(rollout: string): boolean;
}

/**
 * Nobody could hand the service back: somebody took the finalizer away, and a controller may have been kept from seeing that
 * until the Rollout was gone, or was in the middle of it.
 */
export function mayGoUnreleased({ plan, people }: Scene, name: string): boolean {
  const isReplaced = plan.moves.some(({ kind, rollout }) => kind === "replace" && rollout === name);
  return people.hasCutShort(name) || (isReplaced && !isHealthy(plan.faults));
}

/** One promise of docs/architecture.md. Each method returns a sentence for each way in which it is broken. */
export interface Invariant {
  readonly name: string;
  onWrite?(write: ControllerWrite): readonly string[];
  /** After every change of the world, when everything that follows at once has happened. */
  atInstant?(): readonly string[];
  /** Faults are over and everything has come to rest. */
  atEnd?(): readonly string[];
}

export type InvariantFactory = (scene: Scene) => Invariant;
