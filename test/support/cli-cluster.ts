import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CommandName, commandAnnotation } from "../../src/api/command.ts";
import { ROLLOUT } from "../../src/api/resource.ts";
import type { Rollout } from "../../src/api/rollout.ts";
import type { RolloutStatus } from "../../src/api/status.ts";
import { rolloutCrd } from "../../src/app/rehearsal.ts";
import type { Client } from "../../src/kube/client.ts";
import type { CustomResourceDefinition, Event } from "../../src/kube/kind/cluster.ts";
import type { Deployment, Pod } from "../../src/kube/kind/workload.ts";
import { keyOf } from "../../src/kube/object.ts";
import {
  CLUSTER_ROLE,
  CLUSTER_ROLE_BINDING,
  CUSTOM_RESOURCE_DEFINITION,
  DEPLOYMENT,
  EVENT,
  NAMESPACE,
  POD,
  VIRTUAL_SERVICE,
} from "../../src/kube/resources.ts";
import { istioCrds } from "../../src/sim/crds/istio-crds.ts";
import { ServedApiServer } from "./api-server.ts";
import { type Ran, type RunOptions, sluice } from "./command-line.ts";
import { PinnedClock } from "./pinned-clock.ts";
import { rolloutNamed } from "./released-rollouts.ts";
import { aTarget } from "./rollout-objects.ts";

const NOW = "2026-01-05T09:04:10Z";

/** An API server over HTTPS with our CRD and the namespaces `shop` and `quiet`; at 09:04:10 UTC for ever. */
export class CliCluster {
  readonly #api: ServedApiServer;
  readonly #clock: PinnedClock;

  private constructor(api: ServedApiServer, clock: PinnedClock) {
    this.#api = api;
    this.#clock = clock;
  }

  static async start({ hasCrd = true }: { readonly hasCrd?: boolean } = {}): Promise<CliCluster> {
    const clock = new PinnedClock(NOW);
    const api = await ServedApiServer.start("bare", clock);
    const { client } = api.cluster;
    const crd = (await rolloutCrd()) as unknown as CustomResourceDefinition;
    if (hasCrd) await client.create(CUSTOM_RESOURCE_DEFINITION, crd);
    for (const name of ["shop", "quiet"])
      await client.create(NAMESPACE, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    return new CliCluster(api, clock);
  }

  get client(): Client {
    return this.#api.cluster.client;
  }

  stop(): Promise<void> {
    return this.#api.stop();
  }

  /** Runs `sluice` with this cluster's kubeconfig. */
  run(
    args: readonly string[],
    options: Omit<RunOptions, "clock"> & { kubeconfig?: string } = {},
  ): Promise<Ran> {
    const { kubeconfig = this.#api.kubeconfig, ...rest } = options;
    return sluice([...args, "--kubeconfig", kubeconfig], { clock: this.#clock, ...rest });
  }

  /** Runs `sluice` with these arguments and no others. */
  runAsItIs(args: readonly string[]): Promise<Ran> {
    return sluice(args, { clock: this.#clock });
  }

  /** A user who may look at Rollouts, and no more. */
  async letRead(user: string): Promise<void> {
    const rbac = "rbac.authorization.k8s.io";
    const metadata = { name: `look-${user}` };
    const rules = [{ apiGroups: ["sluice.dev"], resources: ["rollouts"], verbs: ["get", "list", "watch"] }];
    const role = { apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata, rules };
    await this.client.create(CLUSTER_ROLE, role);
    await this.client.create(CLUSTER_ROLE_BINDING, {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata,
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: metadata.name },
      subjects: [{ apiGroup: rbac, kind: "User", name: user }],
    });
  }

  /** A kubeconfig that differs: a path of its own. */
  async kubeconfig(change: (text: string) => string): Promise<string> {
    const path = join(this.#api.folder, `kubeconfig-${Math.round(performance.now() * 1_000)}`);
    await writeFile(path, change(await readFile(this.#api.kubeconfig, "utf8")));
    return path;
  }

  /** The Deployments of a release, and a VirtualService that gives the canary a weight. */
  async deploy(name: string, canaryWeight: number): Promise<void> {
    const istio = istioCrds().map((crd) => crd as unknown as CustomResourceDefinition);
    for (const crd of istio) await this.client.create(CUSTOM_RESOURCE_DEFINITION, crd);
    const metadata = { namespace: "shop" };
    for (const deployment of [name, `${name}-primary`]) {
      const target = aTarget({}, { metadata: { ...metadata, name: deployment } });
      const { uid: _uid, generation: _generation, ...fresh } = target.metadata;
      const made = await this.client.create(DEPLOYMENT, { ...target, metadata: fresh });
      const status = { ...made, status: { replicas: 3, readyReplicas: deployment === name ? 2 : 3 } };
      await this.client.update(DEPLOYMENT, status, { subresource: "status" });
      if (deployment === name) await this.#canaryPods(made);
    }
    const route = [
      { destination: { host: `${name}-primary` }, weight: 100 - canaryWeight },
      { destination: { host: `${name}-canary` }, weight: canaryWeight },
    ];
    await this.client.create(VIRTUAL_SERVICE, {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { ...metadata, name },
      spec: { hosts: [name], http: [{ route }] },
    });
  }

  /** Three pods of a release: one has been restarted, one does not get its image. */
  async #canaryPods({ metadata: { namespace, name }, spec }: Deployment): Promise<void> {
    const image = "registry.example.com/shop/checkout:v2";
    const ready = { type: "Ready", status: "True" };
    const stuck = { waiting: { reason: "ImagePullBackOff", message: `Back-off pulling image "${image}"` } };
    const states = [
      { conditions: [ready], restartCount: 0, state: {} },
      { conditions: [ready], restartCount: 1, state: {} },
      { conditions: [], restartCount: 0, state: stuck },
    ];
    for (const [index, { conditions, restartCount, state }] of states.entries()) {
      const pod = await this.client.create(POD, {
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          namespace,
          name: `${name}-7d9f8c6b5-pod${index}`,
          labels: spec.selector.matchLabels ?? {},
        },
        spec: { containers: [{ name: "checkout", image }] },
      } as Pod);
      const container = {
        name: "checkout",
        image,
        imageID: "",
        ready: conditions.length > 0,
        restartCount,
        state,
      };
      const status = { phase: "Running", conditions, containerStatuses: [container] };
      await this.client.update(POD, { ...pod, status } as unknown as Pod, { subresource: "status" });
    }
  }

  /** A Rollout with a status, which replaces the one of that name. */
  async release(name: string, status: RolloutStatus): Promise<Rollout> {
    const { items } = await this.client.list<Rollout>(ROLLOUT, { namespace: "shop" });
    const old = items.find(({ metadata }) => metadata.name === name);
    const rollout = old ?? (await this.client.create<Rollout>(ROLLOUT, rolloutNamed(name)));
    return this.client.update<Rollout>(ROLLOUT, { ...rollout, status }, { subresource: "status" });
  }

  async tell(
    rollout: Rollout,
    event: { reason: string; message: string; at: string; type?: "Warning" },
  ): Promise<void> {
    const { namespace = "", name, uid = "" } = rollout.metadata;
    await this.client.create<Event>(EVENT, {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: `${name}.${event.reason.toLowerCase()}.${Date.parse(event.at)}`, namespace },
      involvedObject: { apiVersion: rollout.apiVersion, kind: rollout.kind, namespace, name, uid },
      type: event.type ?? "Normal",
      reason: event.reason,
      message: event.message,
      lastTimestamp: event.at,
      count: 1,
    });
  }

  /** Plays the controller once: what becomes of a Rollout when somebody gives it a command. Resolves to who gave it. */
  async obey(name: string, command: CommandName, act: (rollout: Rollout) => Promise<void>): Promise<Rollout> {
    const { resourceVersion } = await this.client.list(ROLLOUT, { namespace: "shop" });
    for await (const event of this.client.watch<Rollout>(ROLLOUT, { namespace: "shop", resourceVersion })) {
      if (event.type === "BOOKMARK" || event.object.metadata.name !== name) continue;
      const annotation = commandAnnotation(command);
      if (event.object.metadata.annotations?.[annotation] === undefined) continue;
      const body = { metadata: { annotations: { [annotation]: null } } };
      await this.client.patch(ROLLOUT, keyOf(event.object), { type: "merge", body });
      // The status and the events come after.
      await act(event.object);
      return event.object;
    }
    throw new Error("the watch ended");
  }
}
