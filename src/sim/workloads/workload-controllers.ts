import { CacheSet, type CacheSetOptions } from "../../kube/cache-set.ts";
import type { Client } from "../../kube/client.ts";
import { KubeEventRecorder, NO_EVENTS } from "../../kube/event-recorder.ts";
import { SERVICE_INDEXES } from "../../kube/indexes.ts";
import type { Resource } from "../../kube/resource.ts";
import { ENDPOINT_SLICE, NAMESPACE, SERVICE, SERVICE_ACCOUNT } from "../../kube/resources.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Prng } from "../../lib/prng.ts";
import { type Logger, silentLogger } from "../../telemetry/logger.ts";
import { DEPLOYMENTS, NODES, PODS, REPLICA_SETS } from "../kinds.ts";
import { AutoscalerController } from "./autoscaler/autoscaler-controller.ts";
import { AUTOSCALERS } from "./autoscaler/hpa.ts";
import type { UsageSource } from "./autoscaler/pod-usage.ts";
import { ControlLoop } from "./control-loop.ts";
import type { Controller } from "./controller.ts";
import { CONTROLLER_REVISIONS, DAEMON_SETS } from "./daemon-set/daemon-set.ts";
import { DaemonSetController } from "./daemon-set/daemon-set-controller.ts";
import { DeploymentController } from "./deployment/deployment-controller.ts";
import { EndpointSliceController } from "./endpoint-slice/endpoint-slice-controller.ts";
import { GarbageCollector } from "./garbage-collector/garbage-collector.ts";
import { SELECTOR_INDEX, selectorIndex, WORKLOAD_INDEXES } from "./indexes.ts";
import { MetadataCaches } from "./metadata-caches.ts";
import { NamespaceController } from "./namespace/namespace-controller.ts";
import { ServiceAccountController } from "./namespace/service-account-controller.ts";
import { ReplicaSetController } from "./replica-set/replica-set-controller.ts";
import { collectable } from "./watchable.ts";

export interface WorkloadControllersOptions {
  /** With the field manager of the controllers, `kube-controller-manager`. */
  readonly client: Client;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger?: Logger | undefined;
  /** Intervals of the watches, where the defaults do not fit. */
  readonly reflector?: CacheSetOptions["reflector"];
  /** What pods use, for autoscalers; without it they have no metrics. */
  readonly podUsage?: UsageSource | undefined;
  /** False: nothing is told by Events. */
  readonly writesEvents?: boolean | undefined;
  /** Everything that the server serves without a CustomResourceDefinition. */
  readonly resources: readonly Resource[];
}

/** What kube-controller-manager does, as far as a cluster of Deployments and Services needs it. */
export class WorkloadControllers {
  readonly #caches: CacheSet;
  readonly #metadata: MetadataCaches;
  readonly #loops: readonly ControlLoop[];

  constructor(options: WorkloadControllersOptions) {
    const { clock, prng, logger = silentLogger, reflector = {} } = options;
    const random = () => prng.float();
    const caches = new CacheSet({ client: options.client, clock, random, logger, reflector });
    const { client } = caches;
    const eventsOf = (component: string) =>
      options.writesEvents === false
        ? NO_EVENTS
        : new KubeEventRecorder({ client, clock, random, logger, component, instance: "" });

    const deployments = caches.add(DEPLOYMENTS, { indexes: WORKLOAD_INDEXES });
    const replicaSets = caches.add(REPLICA_SETS, { indexes: WORKLOAD_INDEXES });
    const pods = caches.add(PODS, { indexes: WORKLOAD_INDEXES });
    const services = caches.add(SERVICE, { indexes: { [SELECTOR_INDEX]: selectorIndex } });
    const slices = caches.add(ENDPOINT_SLICE, { indexes: SERVICE_INDEXES });

    const daemonSets = caches.add(DAEMON_SETS);
    const revisions = caches.add(CONTROLLER_REVISIONS, { indexes: WORKLOAD_INDEXES });
    const nodes = caches.add(NODES);
    const autoscalers = caches.add(AUTOSCALERS);
    const namespaces = caches.add(NAMESPACE);
    const serviceAccounts = caches.add(SERVICE_ACCOUNT);
    const resources = collectable(options.resources);
    const metadata = new MetadataCaches({
      client: options.client,
      clock,
      random,
      logger,
      reflector,
      resources,
    });

    const controllers: readonly Controller[] = [
      new DeploymentController({
        deployments,
        replicaSets,
        pods,
        client,
        clock,
        events: eventsOf("deployment-controller"),
      }),
      new ReplicaSetController({
        replicaSets,
        pods,
        client,
        clock,
        events: eventsOf("replicaset-controller"),
      }),
      new DaemonSetController({
        daemonSets,
        revisions,
        pods,
        nodes,
        client,
        clock,
        events: eventsOf("daemonset-controller"),
      }),
      new EndpointSliceController({ services, pods, slices, client }),
      new AutoscalerController({
        autoscalers,
        deployments,
        replicaSets,
        pods,
        client,
        clock,
        events: eventsOf("horizontal-pod-autoscaler"),
        usage: options.podUsage ?? (() => null),
      }),
      new NamespaceController({ namespaces, metadata, client, clock }),
      new ServiceAccountController({ namespaces, serviceAccounts, client }),
      new GarbageCollector({ metadata, client: options.client }),
    ];
    this.#caches = caches;
    this.#metadata = metadata;
    this.#loops = controllers.map((controller) => new ControlLoop(controller, { clock, random, logger }));
  }

  async start(): Promise<void> {
    this.#caches.start();
    await Promise.all([this.#caches.synced(), this.#metadata.start()]);
    for (const loop of this.#loops) loop.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()));
    await Promise.all([this.#caches.stop(), this.#metadata.stop()]);
  }
}
