import type { Client } from "../../src/kube/client.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import type { Resource } from "../../src/kube/resource.ts";
import { Prng } from "../../src/lib/prng.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import { type Cluster, type ClusterOptions, createCluster } from "../../src/sim/cluster.ts";
import { HEALTHY_IMAGE, type ImageBehaviour } from "../../src/sim/image.ts";
import {
  DEPLOYMENTS,
  type Deployment,
  PODS,
  type Pod,
  REPLICA_SETS,
  type ReplicaSet,
} from "../../src/sim/kinds.ts";

export type Images = Readonly<Record<string, Partial<ImageBehaviour>>>;

/** An embedded cluster on virtual time, with short ways to what tests look at; the namespace is `default`. */
export class VirtualCluster {
  readonly clock: VirtualClock;
  readonly cluster: Cluster;
  readonly #images: Map<string, Partial<ImageBehaviour>>;

  constructor(images: Images = {}, options: Partial<ClusterOptions> & { readonly seed?: number } = {}) {
    this.clock = new VirtualClock();
    this.#images = new Map(Object.entries(images));
    this.cluster = createCluster({
      clock: this.clock,
      prng: new Prng(options.seed ?? 1),
      imageBook: (image) => ({ ...HEALTHY_IMAGE, ...this.#images.get(image) }),
      ...options,
    });
  }

  get client(): Client {
    return this.cluster.client;
  }

  /** Starts it, and everything that a test has set up so far comes to rest. */
  async start(): Promise<this> {
    const started = this.cluster.start();
    await this.clock.advance(0);
    await started;
    return this;
  }

  async stop(): Promise<void> {
    const stopped = this.cluster.stop();
    await this.clock.advance(2_000);
    await stopped;
  }

  setImage(image: string, behaviour: Partial<ImageBehaviour>): void {
    this.#images.set(image, behaviour);
    this.cluster.nodes.refresh();
  }

  /** Lets time pass. */
  advance(seconds: number): Promise<void> {
    return this.clock.advance(seconds * 1_000);
  }

  /** Steps through time, calling `look` after each step of 100 ms. */
  async watch(seconds: number, look: () => Promise<void>): Promise<void> {
    for (let step = 0; step < seconds * 10; step++) {
      await this.clock.advance(100);
      await look();
    }
  }

  async deployment(name = "web"): Promise<Deployment> {
    return await this.client.get(DEPLOYMENTS, { namespace: "default", name });
  }

  async pods(): Promise<readonly Pod[]> {
    return await this.all(PODS);
  }

  async replicaSets(): Promise<readonly ReplicaSet[]> {
    return await this.all(REPLICA_SETS);
  }

  async all<T extends KubeObject>(resource: Resource<T>): Promise<readonly T[]> {
    return (await this.client.list(resource, { namespace: "default" })).items;
  }

  async deploy(name: string, image: string, spec: Partial<Deployment["spec"]> = {}): Promise<void> {
    const labels = { app: name };
    await this.client.create(DEPLOYMENTS, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace: "default" },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: "main", image, ports: [{ name: "http", containerPort: 8080 }] }] },
        },
        ...spec,
      },
    });
  }

  async patchSpec(name: string, spec: object): Promise<void> {
    const body = { spec };
    await this.client.patch(DEPLOYMENTS, { namespace: "default", name }, { type: "merge", body });
  }

  async setDeploymentImage(name: string, image: string): Promise<void> {
    const path = "/spec/template/spec/containers/0/image";
    const operations = [{ op: "replace", path, value: image }] as const;
    await this.client.patch(DEPLOYMENTS, { namespace: "default", name }, { type: "json", operations });
  }
}
