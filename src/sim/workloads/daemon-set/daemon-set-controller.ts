import type { Cache } from "../../../kube/cache.ts";
import type { Client } from "../../../kube/client.ts";
import type { EventRecorder } from "../../../kube/event-recorder.ts";
import { OWNER_INDEX } from "../../../kube/indexes.ts";
import { keyOf, keyText, parseKey } from "../../../kube/object.ts";
import type { Clock } from "../../../lib/clock.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import { type Node, PODS, type Pod } from "../../kinds.ts";
import { type Controller, controllerKey } from "../controller.ts";
import { templateHash } from "../deployment/template-hash.ts";
import { normalEvent } from "../event.ts";
import { controllerReference, isControlledBy } from "../owner.ts";
import { availableAtMs } from "../pods.ts";
import { deleteExactly } from "../writes.ts";
import {
  CONTROLLER_REVISIONS,
  type ControllerRevision,
  DAEMON_SETS,
  type DaemonSet,
  REVISION_HASH,
} from "./daemon-set.ts";
import { planDaemons, podOf } from "./plan.ts";

export interface DaemonSetControllerOptions {
  readonly daemonSets: Cache<DaemonSet>;
  readonly revisions: Cache<ControllerRevision>;
  readonly pods: Cache<Pod>;
  readonly nodes: Cache<Node>;
  readonly client: Client;
  readonly events: EventRecorder;
  readonly clock: Clock;
}

const DEFAULT_HISTORY = 10;

/** Runs a pod of each DaemonSet on every node that takes it. */
export class DaemonSetController implements Controller {
  readonly name = "daemonset-controller";
  readonly #options: DaemonSetControllerOptions;

  constructor(options: DaemonSetControllerOptions) {
    this.#options = options;
  }

  subscribe(enqueue: (key: string) => void): void {
    const { daemonSets, pods, nodes } = this.#options;
    daemonSets.subscribe(({ key }) => enqueue(keyText(key)));
    pods.subscribe(({ old, new: current }) => {
      const owner = controllerKey(current ?? old, "DaemonSet");
      if (owner !== undefined) enqueue(owner);
    });
    nodes.subscribe(({ old, new: current }) => {
      const told = (node: Node | undefined) => [node?.metadata.labels, node?.spec];
      if (isDeepEqual(told(old), told(current))) return;
      for (const daemonSet of daemonSets.list()) enqueue(keyText(keyOf(daemonSet)));
    });
  }

  async reconcile(key: string): Promise<number | null> {
    const { daemonSets, nodes, client, events, clock } = this.#options;
    const daemonSet = daemonSets.get(parseKey(key));
    if (daemonSet === undefined || daemonSet.metadata.deletionTimestamp !== undefined) return null;
    const hash = templateHash(daemonSet.spec.template);
    await this.#keepHistory(daemonSet, hash);
    const pods = this.#podsOf(daemonSet);
    const plan = planDaemons({ daemonSet, hash, nodes: nodes.list(), pods, now: clock.now() });
    for (const pod of plan.delete) {
      await deleteExactly(client, PODS, pod);
      events.record(daemonSet, normalEvent("SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`));
    }
    for (const node of plan.create) {
      const pod = await client.create(PODS, podOf(daemonSet, hash, node));
      events.record(daemonSet, normalEvent("SuccessfulCreate", `Created pod: ${pod.metadata.name}`));
    }
    if (!isDeepEqual(plan.status, daemonSet.status)) {
      const status = plan.status;
      await client.update<DaemonSet>(DAEMON_SETS, { ...daemonSet, status }, { subresource: "status" });
    }
    return this.#nextAvailable(daemonSet, pods);
  }

  #podsOf(daemonSet: DaemonSet): readonly Pod[] {
    return this.#options.pods
      .by(OWNER_INDEX, daemonSet.metadata.uid ?? "")
      .filter((pod) => isControlledBy(pod, daemonSet));
  }

  #nextAvailable({ spec }: DaemonSet, pods: readonly Pod[]): number | null {
    const now = this.#options.clock.now();
    const times = pods
      .map((pod) => availableAtMs(pod, spec.minReadySeconds ?? 0) ?? 0)
      .filter((at) => at > now);
    return times.length === 0 ? null : Math.min(...times) - now;
  }

  /** A ControllerRevision for each template; the current one has the highest revision. */
  async #keepHistory(daemonSet: DaemonSet, hash: string): Promise<void> {
    const { client, revisions } = this.#options;
    const known = [...revisions.by(OWNER_INDEX, daemonSet.metadata.uid ?? "")].sort(
      (a, b) => a.revision - b.revision,
    );
    const latest = known.at(-1)?.revision ?? 0;
    const current = known.find((revision) => revision.metadata.labels?.[REVISION_HASH] === hash);
    if (current === undefined)
      await client.create(CONTROLLER_REVISIONS, revisionOf(daemonSet, hash, latest + 1));
    else if (current.revision < latest) {
      await client.update<ControllerRevision>(CONTROLLER_REVISIONS, { ...current, revision: latest + 1 });
    }
    const used = new Set(this.#podsOf(daemonSet).map((pod) => pod.metadata.labels?.[REVISION_HASH]));
    const past = known.filter((it) => it !== current && !used.has(it.metadata.labels?.[REVISION_HASH]));
    const excess = past.length - (daemonSet.spec.revisionHistoryLimit ?? DEFAULT_HISTORY);
    for (const old of past.slice(0, Math.max(0, excess)))
      await deleteExactly(client, CONTROLLER_REVISIONS, old);
  }
}

function revisionOf(daemonSet: DaemonSet, hash: string, revision: number): ControllerRevision {
  const { name, namespace } = daemonSet.metadata;
  return {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...daemonSet.spec.template.metadata?.labels, [REVISION_HASH]: hash },
      ownerReferences: [controllerReference(DAEMON_SETS, daemonSet)],
    },
    data: { spec: { template: { ...daemonSet.spec.template, $patch: "replace" } } },
    revision,
  };
}
