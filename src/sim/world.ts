import { ROLLOUT } from "../api/resource.ts";
import type { Rollout } from "../api/rollout.ts";
import { isAlreadyExists } from "../kube/api-error.ts";
import type { Cache } from "../kube/cache.ts";
import { CacheSet } from "../kube/cache-set.ts";
import type { Client } from "../kube/client.ts";
import type { Event } from "../kube/kind/cluster.ts";
import type { Deployment } from "../kube/kind/workload.ts";
import type { AnyObject, KubeObject } from "../kube/object.ts";
import {
  CUSTOM_RESOURCE_DEFINITION,
  DEPLOYMENT,
  ENDPOINT_SLICE,
  EVENT,
  NAMESPACE,
  POD,
  SERVICE,
} from "../kube/resources.ts";
import { RestClient } from "../kube/rest-client.ts";
import type { Transport } from "../kube/transport.ts";
import type { Clock } from "../lib/clock.ts";
import { Prng } from "../lib/prng.ts";
import { type Logger, silentLogger } from "../telemetry/logger.ts";
import { ApiFaults } from "./api-faults.ts";
import { attachCluster, type ClusterParts, createCluster } from "./cluster.ts";
import { istioCrds } from "./crds/istio-crds.ts";
import type { ImageBook, PodIdentity } from "./image.ts";
import { hasProxy, INJECTED_NAMESPACE, injectSidecar, isInjected } from "./mesh/injector.ts";
import {
  DESTINATION_RULES,
  PEER_AUTHENTICATIONS,
  VIRTUAL_SERVICES,
  type VirtualService,
} from "./mesh/istio.ts";
import { evenLag, type MeshLag } from "./mesh/lag.ts";
import { BATCH_MS, Mesh, type MeshCaches } from "./mesh/mesh.ts";
import { PodLoad } from "./mesh/pod-load.ts";
import { EmbeddedPrometheus } from "./prometheus/embedded-prometheus.ts";
import { ScriptedWebhooks } from "./webhooks.ts";
import type { UsageSource } from "./workloads/autoscaler/pod-usage.ts";

/** How pods behave; told of their ends, since their numbers are given again. */
export interface WorldImages {
  readonly behaviour: ImageBook;
  /** It is being deleted, and still serves. */
  end(pod: PodIdentity): void;
  /** It is gone. */
  forget(pod: PodIdentity): void;
}

export interface WorldOptions {
  readonly clock: Clock;
  /** The same seed on a virtual clock gives the same world, byte for byte. */
  readonly seed: number;
  readonly images: WorldImages;
  /** CustomResourceDefinitions beside Istio's: our own. */
  readonly crds: readonly AnyObject[];
  /** Default 500 ms. */
  readonly meshLag?: MeshLag | undefined;
  /** Default 5 s. */
  readonly scrapeIntervalMs?: number | undefined;
  /** How often the mesh carries what has come together; default 200 ms. */
  readonly meshBatchMs?: number | undefined;
  /** Names of nodes; default: one. */
  readonly nodes?: readonly string[] | undefined;
  /** False: Events of kubelets and workload controllers are left out, which saves half of all writes. */
  readonly writesClusterEvents?: boolean | undefined;
  readonly logger?: Logger | undefined;
  /** The API server is reached from outside: requests need this bearer token to be the administrator's. */
  readonly adminToken?: string | undefined;
  /** An API server that runs elsewhere, in place of the embedded one. */
  readonly attached?: Attachment | undefined;
}

export interface Attachment {
  /** With the rights of an administrator. */
  readonly transport: Transport;
  /** Whether our Deployment, ReplicaSet, endpoint and garbage controllers are to work there: it has none. */
  readonly startWorkloadControllers: boolean;
}

/** The caches of the world's own view: past all faults, as a spectator sees it. */
export interface WorldCaches extends MeshCaches {
  readonly deployments: Cache<Deployment>;
  readonly rollouts: Cache<Rollout>;
  readonly events: Cache<Event>;
  readonly virtualServices: Cache<VirtualService>;
}

/** A whole cluster in one process: API server, workload controllers, nodes, mesh and Prometheus on one clock. */
export class World {
  readonly clock: Clock;
  /** Leads to the API server past all faults. */
  readonly transport: Transport;
  /** The API server as everybody else reaches it, with the faults that are set. */
  readonly apiFaults: ApiFaults;
  /** An administrator's client, past all faults. */
  readonly client: Client;
  readonly caches: WorldCaches;
  readonly mesh: Mesh;
  readonly prometheus: EmbeddedPrometheus;
  /** Whom Rollouts may ask, and tell. */
  readonly webhooks: ScriptedWebhooks;
  readonly #options: WorldOptions;
  readonly #cacheSet: CacheSet;
  readonly #cluster: ClusterParts;

  constructor(options: WorldOptions) {
    const { clock, images, seed, logger = silentLogger } = options;
    const prng = new Prng(seed);
    this.#options = options;
    this.clock = clock;
    const usageOf: UsageSource = (pod) => load.usageOf(pod);
    const { cluster, entrance } = clusterOf(options, prng.fork(), usageOf);
    this.#cluster = cluster;
    this.transport = cluster.transport;
    this.client = this.#cluster.client;
    this.apiFaults = new ApiFaults(entrance, clock, prng.fork());
    const cachePrng = prng.fork();
    this.#cacheSet = new CacheSet({ client: this.client, clock, random: () => cachePrng.float(), logger });
    this.caches = worldCaches(this.#cacheSet);
    const load = new PodLoad({ clock, pods: this.caches.pods, truth: () => this.mesh.truth });
    this.mesh = new Mesh({
      clock,
      prng: prng.fork(),
      images: images.behaviour,
      caches: this.caches,
      // Where nobody injects, every pod is taken for one that would have been.
      hasSidecar:
        options.attached === undefined
          ? hasProxy
          : (pod) => hasProxy(pod) || isInjected(pod, INJECTED_NAMESPACE),
      lag: options.meshLag ?? evenLag(DEFAULT_MESH_DELAY_MS),
      batchMs: options.meshBatchMs ?? BATCH_MS,
    });
    this.webhooks = new ScriptedWebhooks(clock);
    this.prometheus = new EmbeddedPrometheus({
      clock,
      scrapeIntervalMs: options.scrapeIntervalMs ?? DEFAULT_SCRAPE_INTERVAL_MS,
    });
    this.mesh.exportTo((page) => this.prometheus.addTarget(page));
    this.caches.pods.subscribe(({ old, new: pod }) => {
      if (pod === undefined && old !== undefined) images.forget(podIdentity(old));
      else if (pod?.metadata.deletionTimestamp !== undefined) images.end(podIdentity(pod));
    });
  }

  /** A client of the API server with its faults: for the controller, and whoever else is to suffer them. */
  clientFor(fieldManager: string): Client {
    return new RestClient({ transport: this.apiFaults, clock: this.clock, fieldManager });
  }

  /** Resolves when everything runs and the caches are full; no traffic yet. */
  async start(): Promise<void> {
    for (const crd of [...istioCrds(), ...this.#options.crds]) await this.ensureCrd(crd);
    this.#cacheSet.start();
    await this.#cacheSet.synced();
    if (this.#options.attached === undefined) await this.#injectDefaultNamespace();
    await this.#cluster.start();
    this.mesh.start();
  }

  /** The first namespace of everybody is in the mesh; others are when they are labelled so. */
  async #injectDefaultNamespace(): Promise<void> {
    const body = { metadata: { labels: INJECTED_NAMESPACE } };
    await this.client.patch(NAMESPACE, { name: "default" }, { type: "merge", body });
  }

  /** Images have begun to behave differently: running pods too are looked at again. */
  imagesChanged(): void {
    this.#cluster.nodes.refresh();
  }

  /** Its pods stand still, and the cluster finds out after a while. */
  failNode(name: string): void {
    this.#cluster.nodes.fail(name);
  }

  recoverNode(name: string): void {
    this.#cluster.nodes.recover(name);
  }

  async stop(): Promise<void> {
    this.prometheus.close();
    this.mesh.stop();
    await this.#cluster.stop();
    await this.#cacheSet.stop();
  }

  /** Installs a CustomResourceDefinition unless it is there. */
  async ensureCrd(crd: AnyObject): Promise<void> {
    try {
      await this.client.create(CUSTOM_RESOURCE_DEFINITION, crd as never);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
}

/** The cluster, and the way in for everybody else. */
function clusterOf(
  options: WorldOptions,
  prng: Prng,
  podUsage: UsageSource,
): { readonly cluster: ClusterParts; readonly entrance: Transport } {
  const { clock, images, logger, attached, adminToken, nodes } = options;
  const common = {
    clock,
    prng,
    podUsage,
    writesEvents: options.writesClusterEvents,
    imageBook: images.behaviour,
    ...(logger === undefined ? {} : { logger }),
    ...(nodes === undefined ? {} : { nodes }),
  };
  if (attached !== undefined) {
    const { transport, startWorkloadControllers } = attached;
    return {
      cluster: attachCluster(transport, { ...common, startWorkloadControllers }),
      entrance: transport,
    };
  }
  const cluster = createCluster({ ...common, adminToken, admitPod: injectSidecar });
  return { cluster, entrance: adminToken === undefined ? cluster.apiServer : cluster.apiServer.network };
}

/** What a mesh under light load needs to tell its proxies. */
const DEFAULT_MESH_DELAY_MS = 500;

const DEFAULT_SCRAPE_INTERVAL_MS = 5_000;

function worldCaches(set: CacheSet): WorldCaches {
  return {
    pods: set.add(POD),
    services: set.add(SERVICE),
    endpointSlices: set.add(ENDPOINT_SLICE),
    virtualServices: set.add(VIRTUAL_SERVICES),
    destinationRules: set.add(DESTINATION_RULES),
    peerAuthentications: set.add(PEER_AUTHENTICATIONS),
    deployments: set.add(DEPLOYMENT),
    rollouts: set.add(ROLLOUT),
    events: set.add(EVENT),
  };
}

function podIdentity(pod: KubeObject): PodIdentity {
  const { uid = "", ownerReferences = [] } = pod.metadata;
  return { uid, owner: ownerReferences.find(({ controller }) => controller === true)?.uid ?? uid };
}
