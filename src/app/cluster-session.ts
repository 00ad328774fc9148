import { type CommandName, type CommandValue, commandAnnotation, commandValue } from "../api/command.ts";
import { namesOf } from "../api/names.ts";
import { NO_POD_FACTS } from "../api/pod-facts.ts";
import { ROLLOUT } from "../api/resource.ts";
import type { Rollout } from "../api/rollout.ts";
import type { Client } from "../kube/client.ts";
import { HttpTransport } from "../kube/http-transport.ts";
import type { Event } from "../kube/kind/cluster.ts";
import type { Deployment } from "../kube/kind/workload.ts";
import { type KubernetesEnvironment, loadKubeconfig } from "../kube/kubeconfig.ts";
import { listAll } from "../kube/list-all.ts";
import { keyOf, type ObjectKey } from "../kube/object.ts";
import { DEPLOYMENT, EVENT, VIRTUAL_SERVICE } from "../kube/resources.ts";
import { RestClient } from "../kube/rest-client.ts";
import { type Clock, SystemClock, sleep } from "../lib/clock.ts";
import { parseTime } from "../lib/time.ts";
import type { Inspector } from "../preflight/inspector.ts";
import { readTraffic } from "../router/istio/virtual-service.ts";
import { ClusterError, inCluster, toClusterError } from "./cluster-error.ts";
import { inspectorOf } from "./inspect-objects.ts";
import { readAround } from "./live-objects.ts";
import { type PodLine, podLines } from "./pod-lines.ts";

export interface SessionOptions {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly environment: KubernetesEnvironment;
  /** Signs what is written: the controller tells it as who gave a command. */
  readonly fieldManager: string;
}

/** One Kubernetes event. */
export interface EventLine {
  readonly atMs: number;
  readonly label: string;
  readonly text: string;
  readonly isWarning: boolean;
  /** How often it has happened. */
  readonly count: number;
}

/** What is seen of a release apart from its status; null: there is none, or it may not be read. */
export interface Surroundings {
  readonly canary: PodCount | null;
  readonly primary: PodCount | null;
  /** The canary's, one by one, those in trouble first. */
  readonly canaryPods: readonly PodLine[];
  /** The canary's weight as the VirtualService has it. */
  readonly seenWeight: number | null;
  /** Oldest first. */
  readonly events: readonly EventLine[] | null;
}

export interface PodCount {
  readonly ready: number;
  readonly wanted: number;
}
const EVENTS_MAX = 500;
const RECONNECT_MS = 1_000;

/** A person's connection to one cluster. Methods reject with ClusterError. */
export class ClusterSession {
  /** Of the context. */
  readonly namespace: string;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #close: () => void;

  constructor(parts: {
    readonly client: Client;
    readonly clock: Clock;
    readonly namespace: string;
    readonly close: () => void;
  }) {
    this.#client = parts.client;
    this.#clock = parts.clock;
    this.namespace = parts.namespace;
    this.#close = parts.close;
  }

  static async open(options: SessionOptions): Promise<ClusterSession> {
    const clock = new SystemClock();
    const { kubeconfig: path, context, environment, fieldManager } = options;
    const access = await inCluster(() => loadKubeconfig({ path, context, environment, clock }));
    const transport = new HttpTransport({ access, clock, userAgent: "sluice-cli" });
    return new ClusterSession({
      client: new RestClient({ transport, clock, fieldManager }),
      clock,
      namespace: access.namespace,
      close: () => transport.close(),
    });
  }

  close(): void {
    this.#close();
  }

  rollout(key: ObjectKey): Promise<Rollout> {
    return inCluster(() => this.#client.get<Rollout>(ROLLOUT, key));
  }

  /** By namespace and name. */
  rollouts(namespace: string | undefined): Promise<readonly Rollout[]> {
    return inCluster(() => listAll<Rollout>(this.#client, ROLLOUT, namespace));
  }

  /** The Rollout now, and again whenever it changes; null when it is gone. A connection that is lost after the first answer is made again. */
  async *follow(key: ObjectKey, signal: AbortSignal): AsyncGenerator<Rollout | null> {
    for (let hasAnswered = false; !signal.aborted; ) {
      try {
        for await (const rollout of this.#followOnce(key, signal)) {
          hasAnswered = true;
          yield rollout;
        }
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toClusterError(thrown);
        const isPassing =
          error instanceof ClusterError && !["forbidden", "not-found"].includes(error.problem);
        if (!hasAnswered || !isPassing) throw error;
      }
      // A server that ends every watch at once must not be asked without end.
      await sleep(this.#clock, RECONNECT_MS, signal).catch(() => {});
    }
  }

  async *#followOnce(key: ObjectKey, signal: AbortSignal): AsyncGenerator<Rollout | null> {
    const { namespace, name } = key;
    const selected = { namespace, fieldSelector: `metadata.name=${name}`, signal };
    const { items, resourceVersion } = await this.#client.list<Rollout>(ROLLOUT, selected);
    yield items[0] ?? null;
    for await (const event of this.#client.watch<Rollout>(ROLLOUT, { ...selected, resourceVersion })) {
      if (event.type === "BOOKMARK") continue;
      yield event.type === "DELETED" ? null : event.object;
    }
  }

  /** Looks at what is around the Rollouts of these namespaces, as it is now; beside that, what may not be read. */
  async inspector(
    namespaces: readonly string[],
    rootNamespace: string,
  ): Promise<{ readonly inspector: Inspector; readonly absences: readonly string[] }> {
    const around = await inCluster(() => readAround(this.#client, namespaces, rootNamespace));
    const sees = (namespace: string) => namespaces.includes(namespace);
    const inspector = inspectorOf({ ...around, rootNamespace, sees, source: "cluster" });
    return { inspector, absences: Object.values(around.absences) };
  }

  /** What is around a Rollout, as far as it may be read. */
  async surroundings(rollout: Rollout): Promise<Surroundings> {
    const { namespace } = rollout.metadata;
    const names = namesOf(rollout);
    const [target, copy, seenWeight, events] = await Promise.all([
      this.#deployment({ namespace, name: names.target }),
      this.#deployment({ namespace, name: names.primary }),
      this.#seenWeight(rollout),
      this.events(rollout).catch(() => null),
    ]);
    const canaryPods = target === null ? [] : await podLines(this.#client, target).catch(() => []);
    return { canary: countOf(target), primary: countOf(copy), canaryPods, seenWeight, events };
  }

  /** Oldest first. */
  async events(rollout: Rollout): Promise<readonly EventLine[]> {
    const { namespace, name } = rollout.metadata;
    const fieldSelector = `involvedObject.kind=${ROLLOUT.kind},involvedObject.name=${name}`;
    const { items } = await inCluster(() =>
      this.#client.list(EVENT, { namespace, fieldSelector, limit: EVENTS_MAX }),
    );
    return items.map(toLine).sort((a, b) => a.atMs - b.atMs);
  }

  /** Gives a command, unless the Rollout has changed since it was read: then it rejects with a conflict. */
  setCommand(rollout: Rollout, command: CommandName, value: CommandValue): Promise<Rollout> {
    const { resourceVersion } = rollout.metadata;
    const annotations = { [commandAnnotation(command)]: commandValue(value) };
    const body = { metadata: { resourceVersion, annotations } };
    return inCluster(() => this.#client.patch<Rollout>(ROLLOUT, keyOf(rollout), { type: "merge", body }));
  }

  async #deployment(key: ObjectKey): Promise<Deployment | null> {
    return this.#client.get(DEPLOYMENT, key).catch(() => null);
  }

  /** The most that any of its VirtualServices gives the canary. */
  async #seenWeight(rollout: Rollout): Promise<number | null> {
    const { namespace } = rollout.metadata;
    const { virtualServices: own } = rollout.spec.traffic.istio;
    const names = own?.map(({ name }) => name) ?? [namesOf(rollout).virtualService];
    const selectors = { target: {}, primary: {} };
    const context = { rollout, spec: rollout.spec, selectors, pods: NO_POD_FACTS };
    try {
      const found = await Promise.all(
        names.map((name) => this.#client.get(VIRTUAL_SERVICE, { namespace, name })),
      );
      return Math.max(...found.map((virtualService) => readTraffic(virtualService, context).canaryWeight));
    } catch {
      return null;
    }
  }
}

function countOf(deployment: Deployment | null): PodCount | null {
  if (deployment === null) return null;
  return { ready: deployment.status?.readyReplicas ?? 0, wanted: deployment.spec.replicas ?? 1 };
}

function toLine({ lastTimestamp, eventTime, metadata, reason, message, type, count = 1 }: Event): EventLine {
  const at = lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? "";
  return { atMs: parseTime(at), label: reason, text: message, isWarning: type === "Warning", count };
}
