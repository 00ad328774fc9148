import { COMMANDS, commandAnnotation } from "../api/command.ts";
import { apexServiceOf } from "../api/names.ts";
import type { Rollout } from "../api/rollout.ts";
import type { Change } from "../kube/cache.ts";
import type { IndexFunction } from "../kube/cache-index.ts";
import type { WatchedReader } from "../kube/cache-union.ts";
import { type EndpointSlice, SERVICE_NAME_LABEL, type Service } from "../kube/kind/network.ts";
import type { Deployment, Pod, ReplicaSet } from "../kube/kind/workload.ts";
import { type KubeObject, keyOf, keyText } from "../kube/object.ts";
import { isDeepEqual } from "../lib/json.ts";
import { BY_SERVICE, BY_TARGET } from "./gather.ts";

/** Index of the Rollout cache: `namespace/name` of a routing object of the user's that the spec names. */
const BY_ROUTES = "routes";

/** Index of the Rollout cache: whose run waits because of what is around it. */
const BY_PREFLIGHT = "preflight";

/** For CacheOptions.indexes of Rollouts. Specs may be malformed: a missing name files the Rollout nowhere. */
export const ROLLOUT_INDEXES: Readonly<Record<string, IndexFunction<Rollout>>> = {
  [BY_TARGET]: (rollout) => inNamespace(rollout, targetOf(rollout)),
  [BY_SERVICE]: (rollout) => inNamespace(rollout, apexOf(rollout)),
  [BY_PREFLIGHT]: ({ status }) => (status?.run?.pause?.kind === "PreflightBlocked" ? ["blocked"] : []),
  [BY_ROUTES]: (rollout) => routesOf(rollout).flatMap((name) => inNamespace(rollout, name)),
};

/** The user's own routing objects that it names, in its spec and in that of its run. */
function routesOf({ spec, status }: Rollout): readonly string[] {
  const names = [spec, status?.run?.spec].flatMap((it) => {
    const { virtualServices: own, destinationRule } = (it?.traffic?.istio ?? {}) as Loose;
    const names = Array.isArray(own) ? own.map((entry: Named) => entry?.name) : [];
    return [...names, destinationRule?.name];
  });
  return [...new Set(names)].filter((name) => typeof name === "string");
}

type Named = { readonly name?: unknown } | null;

interface Loose {
  readonly virtualServices?: unknown;
  readonly destinationRule?: Named;
}

function targetOf(rollout: Rollout): string | undefined {
  return rollout.spec?.targetRef?.name;
}

function apexOf(rollout: Rollout): string | undefined {
  return apexServiceOf(rollout.spec ?? {});
}

function inNamespace(rollout: Rollout, name: string | undefined): readonly string[] {
  return name === undefined ? [] : [`${rollout.metadata.namespace ?? ""}/${name}`];
}

/** Where a change may matter, and whether it must interrupt a pass that waits for evidence. */
export interface Trigger {
  /** Key text of the Rollout. */
  readonly key: string;
  readonly isUrgent: boolean;
}

/** The objects whose changes lead to a pass. */
export interface Watched {
  readonly rollouts: WatchedReader<Rollout>;
  readonly deployments: WatchedReader<Deployment>;
  readonly replicaSets: WatchedReader<ReplicaSet>;
  readonly pods: WatchedReader<Pod>;
  readonly services: WatchedReader<Service>;
  readonly endpointSlices: WatchedReader<EndpointSlice>;
  /** Routing objects: ours carry the names of apex Services, or of their primary and canary; Rollouts name the user's. */
  readonly routing: readonly WatchedReader<KubeObject>[];
  /** What preflight looks at beside: whoever waits because of it looks again. */
  readonly around: readonly Around[];
}

export type Around = Pick<WatchedReader<KubeObject>, "subscribe">;

/** Calls `fire` for every Rollout that a change made by somebody else may concern. */
export function subscribeAll(watched: Watched, fire: (trigger: Trigger) => void): void {
  const { rollouts } = watched;
  const fireAll = (index: string, object: KubeObject, names: readonly string[], isUrgent: boolean): void => {
    for (const name of new Set(names)) {
      for (const rollout of rollouts.by(index, `${object.metadata.namespace ?? ""}/${name}`)) {
        fire({ key: keyText(keyOf(rollout)), isUrgent });
      }
    }
  };
  rollouts.subscribe((change) => {
    const { old, new: now } = change;
    if (old !== undefined && now === undefined) {
      // A younger Rollout of the same target, or host, has waited for this one to go.
      fireAll(BY_TARGET, old, [targetOf(old) ?? ""], false);
      fireAll(BY_SERVICE, old, [apexOf(old) ?? ""], false);
    }
    if (!isOurs(change)) fire({ key: keyText(change.key), isUrgent: isUrgentChange(change) });
  });
  foreign(watched.deployments, (object, change) =>
    fireAll(BY_TARGET, object, sides(object.metadata.name), hasNewTemplate(change)),
  );
  foreign(watched.replicaSets, (object) => fireAll(BY_TARGET, object, owners(object).flatMap(sides), false));
  foreign(watched.pods, (object, change) => {
    if (isDeepEqual(facetsOf(change.old), facetsOf(change.new))) return;
    const sets = owners(object).map((name) =>
      watched.replicaSets.get({ namespace: object.metadata.namespace, name }),
    );
    fireAll(
      BY_TARGET,
      object,
      sets.flatMap((set) => (set === undefined ? [] : owners(set))).flatMap(sides),
      false,
    );
  });
  foreign(watched.services, (object) => fireAll(BY_SERVICE, object, sides(object.metadata.name), false));
  foreign(watched.endpointSlices, (object) =>
    fireAll(BY_SERVICE, object, sides(object.metadata.labels?.[SERVICE_NAME_LABEL] ?? ""), false),
  );
  for (const cache of watched.routing) {
    foreign(cache, (object) => {
      fireAll(BY_SERVICE, object, sides(object.metadata.name), false);
      fireAll(BY_ROUTES, object, [object.metadata.name], false);
    });
  }
  for (const cache of watched.around) {
    cache.subscribe((change) => {
      if (isOurs(change)) return;
      for (const rollout of rollouts.by(BY_PREFLIGHT, "blocked"))
        fire({ key: keyText(keyOf(rollout)), isUrgent: false });
    });
  }
}

function foreign<T extends KubeObject>(
  cache: WatchedReader<T>,
  handle: (object: T, change: Change<T>) => void,
): void {
  cache.subscribe((change) => {
    const object = change.new ?? change.old;
    if (object !== undefined && !isOurs(change)) handle(object, change);
  });
}

function isOurs(change: Change<KubeObject>): boolean {
  return change.origin === "own";
}

/** A name may be that of the target or apex itself, or of its primary or canary. */
function sides(name: string): readonly string[] {
  return [name, name.replace(/-(primary|canary)$/, "")];
}

function owners(object: KubeObject): readonly string[] {
  return (object.metadata.ownerReferences ?? []).map((owner) => owner.name);
}

/** What of a pod a decision or a message may depend on; the rest of its status changes too often to look each time. */
function facetsOf(pod: Pod | undefined): unknown {
  if (pod === undefined) return undefined;
  const ready = pod.status?.conditions?.find((condition) => condition.type === "Ready")?.status;
  const waiting = pod.status?.containerStatuses?.map((container) => container.state?.waiting?.reason);
  return { ready, waiting, isGoing: pod.metadata.deletionTimestamp !== undefined };
}

function isUrgentChange(change: Change<Rollout>): boolean {
  const annotations = change.new?.metadata.annotations ?? {};
  const hasCommand = COMMANDS.some((name) => annotations[commandAnnotation(name)] !== undefined);
  return hasCommand || change.new?.metadata.deletionTimestamp !== undefined || change.new === undefined;
}

function hasNewTemplate(change: Change<Deployment>): boolean {
  return !isDeepEqual(change.old?.spec?.template, change.new?.spec?.template);
}
