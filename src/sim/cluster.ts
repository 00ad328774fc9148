import type { CacheSetOptions } from "../kube/cache-set.ts";
import type { Client } from "../kube/client.ts";
import type { Resource } from "../kube/resource.ts";
import { RestClient } from "../kube/rest-client.ts";
import type { Transport } from "../kube/transport.ts";
import type { Clock } from "../lib/clock.ts";
import type { Prng } from "../lib/prng.ts";
import { type Logger, silentLogger } from "../telemetry/logger.ts";
import { ApiServer, type ApiServerOptions } from "./apiserver/api-server.ts";
import { BUILTIN_RESOURCES } from "./apiserver/builtin-resources.ts";
import { Registry } from "./apiserver/registry.ts";
import { HEALTHY_IMAGE, type ImageBook } from "./image.ts";
import { SimulatedNodes } from "./kubelet/nodes.ts";
import type { UsageSource } from "./workloads/autoscaler/pod-usage.ts";
import { WorkloadControllers } from "./workloads/workload-controllers.ts";

export interface ClusterOptions {
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger?: Logger;
  /** Bearer token of the administrator, for clients from outside. */
  readonly adminToken?: string | undefined;
  /** Changes new pods as a mutating admission webhook would. */
  readonly admitPod?: ApiServerOptions["admitPod"];
  /** How images behave; by default all are healthy. */
  readonly imageBook?: ImageBook;
  /** Names of the simulated nodes; none: pods stay pending, and nobody plays their kubelet. */
  readonly nodes?: readonly string[];
  /** False: Events of the cluster's own components, which are half of all writes, are left out. */
  readonly writesEvents?: boolean | undefined;
  /** What pods use, for autoscalers; without it they have no metrics. */
  readonly podUsage?: UsageSource;
  /** False where the API server's own controllers are to be left out. */
  readonly startWorkloadControllers?: boolean;
}

/** Controllers and nodes that play on an API server, whosever it is. */
export interface ClusterParts {
  /** Leads to the API server, with the rights of an administrator. */
  readonly transport: Transport;
  readonly client: Client;
  readonly nodes: SimulatedNodes;
  /** Resolves when controllers and kubelets know all there is. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The embedded world without mesh and metrics. */
export interface Cluster extends ClusterParts {
  readonly apiServer: ApiServer;
}

/** Watches within one process do not stop silently: hours of virtual time need not be spent on renewing them. */
const DAY_MS = 86_400_000;
const LASTING_WATCHES = { idleMs: DAY_MS, watchMs: DAY_MS, relistMs: DAY_MS };

const DEFAULT_NODES = ["node-1"];

export function createCluster(options: ClusterOptions): Cluster {
  const { clock, prng } = options;
  const apiServer = new ApiServer({
    clock,
    prng: prng.fork(),
    ...(options.adminToken === undefined ? {} : { adminToken: options.adminToken }),
    ...(options.admitPod === undefined ? {} : { admitPod: options.admitPod }),
  });
  const resources = apiServer.registry.list();
  const parts = playOn(apiServer, { ...options, resources, reflector: LASTING_WATCHES });
  return { apiServer, ...parts };
}

/** An API server that runs elsewhere and has no nodes: ours join it, and our controllers where it has none. */
export function attachCluster(
  transport: Transport,
  options: Omit<ClusterOptions, "adminToken">,
): ClusterParts {
  const resources = new Registry(BUILTIN_RESOURCES).list();
  return playOn(transport, { ...options, resources, heartbeat: true });
}

interface PlayOptions extends ClusterOptions {
  readonly resources: readonly Resource[];
  readonly heartbeat?: boolean;
  readonly reflector?: CacheSetOptions["reflector"];
}

function playOn(transport: Transport, options: PlayOptions): ClusterParts {
  const { clock, prng, reflector, logger = silentLogger, imageBook = () => HEALTHY_IMAGE } = options;
  const clientOf = (fieldManager: string) => new RestClient({ transport, clock, fieldManager });
  const controllers = new WorkloadControllers({
    client: clientOf("kube-controller-manager"),
    clock,
    prng: prng.fork(),
    logger,
    reflector,
    podUsage: options.podUsage,
    writesEvents: options.writesEvents,
    resources: options.resources,
  });
  const nodes = new SimulatedNodes({
    client: clientOf("kubelet"),
    clock,
    prng: prng.fork(),
    logger,
    reflector,
    book: imageBook,
    names: options.nodes ?? DEFAULT_NODES,
    heartbeat: options.heartbeat,
    writesEvents: options.writesEvents,
  });
  const parts = options.startWorkloadControllers === false ? [nodes] : [controllers, nodes];
  return {
    transport,
    client: clientOf("kubectl"),
    nodes,
    start: async () => {
      await Promise.all(parts.map((part) => part.start()));
    },
    stop: async () => {
      await Promise.all(parts.map((part) => part.stop()));
    },
  };
}
