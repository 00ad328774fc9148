import type { Rollout } from "../../../api/rollout.ts";
import type { Deployment } from "../../../kube/kind/workload.ts";
import { type InvariantFactory, NAMESPACE_NAME, type Scene } from "../invariant.ts";
import { isBadImage } from "../versions.ts";

/** 7. Every run ends, or is paused for a reason that a person can see; and every revision is taken up. */
export const comesToRest: InvariantFactory = (scene) => ({
  name: "comes-to-rest",
  atEnd: () => scene.plan.rollouts.map(({ name }) => unrest(scene, name)).filter((it) => it !== null),
});

/** Why a Rollout is not at rest; null when it is. */
export function unrest(scene: Scene, name: string): string | null {
  const { world, people } = scene;
  const rollout = world.caches.rollouts.get({ namespace: NAMESPACE_NAME, name });
  if (rollout === undefined) return null;
  const { status } = rollout;
  const target = world.caches.deployments.get({ namespace: NAMESPACE_NAME, name });
  if (rollout.metadata.deletionTimestamp !== undefined) {
    // A target that cannot serve cannot be handed the service: the primary keeps it, and the status says why.
    return isWaitingToHandBack(scene, rollout, target) ? null : `${name} is still being deleted`;
  }
  if (status === undefined) return `${name} has no status`;
  const where = `${name} is ${status.phase} (${status.run?.stage ?? "no run"}): ${status.message ?? "no message"}`;
  if (status.message === undefined) return where;
  if (status.run !== undefined) return isPaused(rollout) ? null : where;
  if (target === undefined) return null;
  const image = people.wantedImage(name) ?? "";
  if (status.phase === "Initializing") return canAdopt(scene, name) ? where : null;
  if (rollout.spec.suspend === true) return null;
  const known = [...(status.promoted?.images ?? []), ...(status.rejected?.images ?? [])];
  return known.includes(image) ? null : `${where}; the target has ${image}, which nobody looks at`;
}

/**
 * Where what the target has cannot run there is nothing to adopt, until somebody sets it right. Pods of what it had when
 * the primary was made may be ready beside those that never are.
 */
function canAdopt({ world, people }: Scene, name: string): boolean {
  const primary = world.caches.deployments.get({ namespace: NAMESPACE_NAME, name: `${name}-primary` });
  const { replicas = 0, updatedReplicas = 0 } = primary?.status ?? {};
  const isRolledOut = updatedReplicas >= (primary?.spec.replicas ?? 1) && updatedReplicas === replicas;
  return !((isUnready(primary) || !isRolledOut) && isBadImage(people.wantedImage(name) ?? ""));
}

/** Pods of an older revision may be ready beside those of the newest, which are to take over and never are. */
function isWaitingToHandBack({ people }: Scene, rollout: Rollout, target: Deployment | undefined): boolean {
  const { metadata, status } = rollout;
  const isBad = target !== undefined && isBadImage(people.wantedImage(metadata.name) ?? "");
  const isSaid = status?.phase === "Waiting" && status.message?.startsWith("Deleting: ") === true;
  return (isBad || isUnready(target)) && isSaid;
}

function isUnready(target: Deployment | undefined): boolean {
  return target !== undefined && (target.status?.readyReplicas ?? 0) < (target.spec.replicas ?? 1);
}

function isPaused({ status }: Rollout): boolean {
  const run = status?.run;
  const isHeld = run?.gates?.some(({ isAwaited, state }) => isAwaited === true && state !== "open") === true;
  return isHeld || run?.pause !== undefined || run?.awaitingApprovalSince !== undefined;
}
