import { ROLLOUT } from "../../api/resource.ts";
import type { Rollout } from "../../api/rollout.ts";
import { isAlreadyExists } from "../../kube/api-error.ts";
import type { Client, JsonPatchOperation } from "../../kube/client.ts";
import type { LabelSelector, Pod } from "../../kube/kind/workload.ts";
import type { AnyObject, ObjectKey } from "../../kube/object.ts";
import { DEPLOYMENT, POD } from "../../kube/resources.ts";
import { assertNever } from "../../lib/assert.ts";
import { toError } from "../../lib/errors.ts";
import type { ApiFault } from "../api-faults.ts";
import type { LoadTester } from "../load-tester.ts";
import type { MeshLag } from "../mesh/lag.ts";
import type { TrafficSpec } from "../mesh/traffic-spec.ts";
import type { PrometheusFault } from "../prometheus/fault.ts";
import type { WebhookAnswer } from "../webhooks.ts";
import type { Action } from "./action.ts";
import type { ImageEntry } from "./image-schema.ts";
import type { ObjectRef } from "./object-ref.ts";
import type { ResourceFinder } from "./resource-finder.ts";
import { changedTraffic } from "./traffic.ts";

/** The parts of the world that are not Kubernetes objects. */
export interface WorldControls {
  readonly mesh: {
    readonly traffic: ReadonlyMap<string, TrafficSpec>;
    setTraffic(name: string, spec: TrafficSpec): void;
    setLag(lag: MeshLag): void;
  };
  readonly webhooks: { set(path: string, answer: WebhookAnswer): void };
  readonly loadTester: LoadTester;
  readonly prometheus: { setFault(fault: PrometheusFault | null): void };
  readonly apiFaults: { set(fault: ApiFault | null): void };
  readonly images: { change(entries: Readonly<Record<string, ImageEntry>>): void };
}

/** The controller under test, wherever it runs. */
export interface ControllerHandle {
  /** Resolves when it works; called only while it does not run. */
  start(): Promise<void>;
  /** At once, between any two of its steps: nothing is finished, nothing is said. */
  kill(): void;
}

export interface PerformerParts {
  /** Reaches the API server past all faults: a timeline happens as it is written. */
  readonly client: Client;
  readonly finder: ResourceFinder;
  readonly controls: WorldControls;
  readonly controller: ControllerHandle;
  /** The Rollout that is observed. */
  readonly rollout: ObjectKey & { readonly namespace: string };
  /** Objects of the files that `apply` actions name. */
  readonly applied: ReadonlyMap<string, readonly AnyObject[]>;
  /** Hears of a controller that did not start, some time after the action. */
  readonly onStartFailed: (error: Error) => void;
}

/** Does to the world what a timeline says. Writes as the people would whose part it plays. */
export class Performer {
  readonly #parts: PerformerParts;
  #controllerRuns = false;

  constructor(parts: PerformerParts) {
    this.#parts = parts;
  }

  /** Rejects when the action cannot be done: no such object, refused by the API server. */
  async perform(action: Action): Promise<void> {
    const { controls } = this.#parts;
    switch (action.kind) {
      case "setImage":
        return this.#setImage(action);
      case "annotate":
        return this.#annotate(action);
      case "patch":
        return this.#patch(action);
      case "delete":
        return this.#delete(action.object);
      case "deletePod":
        return this.#deletePods(action);
      case "scale":
        return this.#scale(action);
      case "apply":
        return this.#applyAll(action);
      case "traffic":
        for (const [name, spec] of changedTraffic(controls.mesh.traffic, action.changes, this.#namespace)) {
          controls.mesh.setTraffic(name, spec);
        }
        return;
      case "images":
        return controls.images.change(action.images);
      case "prometheus":
        return controls.prometheus.setFault(prometheusFault(action));
      case "webhook":
        for (const [path, answer] of Object.entries(action.answers)) controls.webhooks.set(path, answer);
        return;
      case "loadTester":
        return this.#toLoadTester(action);
      case "meshDelay":
        return controls.mesh.setLag(action.lag);
      case "apiServer":
        return controls.apiFaults.set(apiFault(action));
      case "controller":
        if (action.verb !== "start") this.killController();
        // Not waited for: it may need what a later action brings back.
        if (action.verb !== "kill") {
          this.startController().catch((thrown: unknown) => this.#parts.onStartFailed(toError(thrown)));
        }
        return;
      default:
        return assertNever(action);
    }
  }

  /** Nothing when it runs already. */
  async startController(): Promise<void> {
    if (this.#controllerRuns) return;
    this.#controllerRuns = true;
    await this.#parts.controller.start();
  }

  killController(): void {
    this.#controllerRuns = false;
    this.#parts.controller.kill();
  }

  /** Creates the object; one that is there already is changed as `kubectl apply --server-side --force-conflicts` does. */
  async apply(object: AnyObject): Promise<void> {
    const { client, finder } = this.#parts;
    const resource = await finder.find(object.apiVersion, object.kind);
    const namespace = resource.namespaced ? (object.metadata.namespace ?? this.#namespace) : undefined;
    const placed =
      namespace === undefined ? object : { ...object, metadata: { ...object.metadata, namespace } };
    try {
      await client.create(resource, placed, { fieldManager: "kubectl" });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      await client.apply(resource, placed, { fieldManager: "kubectl", force: true });
    }
  }

  get #namespace(): string {
    return this.#parts.rollout.namespace;
  }

  async #toLoadTester({ call, commands }: Extract<Action, { kind: "loadTester" }>): Promise<void> {
    const { controls, rollout } = this.#parts;
    for (const [part, outcome] of Object.entries(commands)) controls.loadTester.setOutcome(part, outcome);
    if (call === undefined) return;
    const { name, namespace } = rollout;
    const never = new AbortController().signal;
    await controls.loadTester.answer(call, JSON.stringify({ name, namespace }), never);
  }

  async #setImage(action: Extract<Action, { kind: "setImage" }>): Promise<void> {
    const { client } = this.#parts;
    const key = {
      namespace: action.namespace ?? this.#namespace,
      name: action.deployment ?? (await this.#target()),
    };
    const deployment = await client.get(DEPLOYMENT, key);
    const containers = deployment.spec.template.spec.containers;
    const index = containers.findIndex(({ name }) => name === (action.container ?? containers[0]?.name));
    if (index < 0) throw new RangeError(`Deployment ${key.name} has no container ${action.container}`);
    const path = `/spec/template/spec/containers/${index}`;
    const operations: readonly JsonPatchOperation[] = [
      { op: "test", path: `${path}/name`, value: containers[index]?.name },
      { op: "replace", path: `${path}/image`, value: action.image },
    ];
    await client.patch(DEPLOYMENT, key, { type: "json", operations }, { fieldManager: "kubectl-set" });
  }

  async #target(): Promise<string> {
    const rollout = await this.#parts.client.get<Rollout>(ROLLOUT, this.#parts.rollout);
    return rollout.spec.targetRef.name;
  }

  async #annotate(action: Extract<Action, { kind: "annotate" }>): Promise<void> {
    const { client, rollout } = this.#parts;
    const body = { metadata: { annotations: action.annotations } };
    const options = { fieldManager: "kubectl-annotate" };
    if (action.object === null) {
      await client.patch(ROLLOUT, rollout, { type: "merge", body }, options);
      return;
    }
    const { resource, key } = await this.#locate(action.object);
    await client.patch(resource, key, { type: "merge", body }, options);
  }

  async #patch(action: Extract<Action, { kind: "patch" }>): Promise<void> {
    const { resource, key } = await this.#locate(action.object);
    const { subresource } = action;
    await this.#parts.client.patch(resource, key, action.patch, {
      fieldManager: "kubectl-patch",
      subresource,
    });
  }

  async #delete(ref: ObjectRef): Promise<void> {
    const { resource, key } = await this.#locate(ref);
    await this.#parts.client.delete(resource, key, { propagation: "Background" });
  }

  async #deletePods(action: Extract<Action, { kind: "deletePod" }>): Promise<void> {
    const { client } = this.#parts;
    const namespace = action.namespace ?? this.#namespace;
    const names = action.pod === undefined ? await this.#podNames(action, namespace) : [action.pod];
    if (names.length === 0) throw new RangeError("no pod matches");
    const options = action.now ? { gracePeriodSeconds: 0 } : {};
    for (const name of names) await client.delete(POD, { namespace, name }, options);
  }

  /** The oldest first, by name where they are equally old. */
  async #podNames(action: Extract<Action, { kind: "deletePod" }>, namespace: string): Promise<string[]> {
    const { client } = this.#parts;
    let labelSelector = action.selector;
    if (action.deployment !== undefined) {
      const deployment = await client.get(DEPLOYMENT, { namespace, name: action.deployment });
      labelSelector = selectorText(deployment.spec.selector);
    }
    const { items } = await client.list(POD, { namespace, labelSelector });
    return items
      .filter((pod) => pod.metadata.deletionTimestamp === undefined)
      .toSorted((a, b) => (age(a) < age(b) ? -1 : 1))
      .slice(0, action.count)
      .map((pod) => pod.metadata.name);
  }

  async #scale(action: Extract<Action, { kind: "scale" }>): Promise<void> {
    const key = {
      namespace: action.namespace ?? this.#namespace,
      name: action.deployment ?? (await this.#target()),
    };
    const body = { spec: { replicas: action.replicas } };
    await this.#parts.client.patch(
      DEPLOYMENT,
      key,
      { type: "merge", body },
      { fieldManager: "kubectl-scale" },
    );
  }

  async #applyAll(action: Extract<Action, { kind: "apply" }>): Promise<void> {
    for (const file of action.files) {
      for (const object of this.#parts.applied.get(file) ?? []) await this.apply(object);
    }
    for (const object of action.objects) await this.apply(object as AnyObject);
  }

  async #locate(
    ref: ObjectRef,
  ): Promise<{ resource: Awaited<ReturnType<ResourceFinder["find"]>>; key: ObjectKey }> {
    const resource = await this.#parts.finder.find(ref.apiVersion, ref.kind);
    const namespace = resource.namespaced ? (ref.namespace ?? this.#namespace) : undefined;
    return { resource, key: { namespace, name: ref.name } };
  }
}

function age(pod: Pod): string {
  return `${pod.metadata.creationTimestamp ?? ""} ${pod.metadata.name}`;
}

function selectorText(selector: LabelSelector): string {
  return Object.entries(selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

function prometheusFault({
  state,
  delayMs,
}: Extract<Action, { kind: "prometheus" }>): PrometheusFault | null {
  if (state === "up") return null;
  return state === "slow" ? { kind: "slow", delayMs } : { kind: state };
}

function apiFault(action: Extract<Action, { kind: "apiServer" }>): ApiFault | null {
  switch (action.state) {
    case "up":
      return null;
    case "down":
      return { kind: "down" };
    case "slow":
      return { kind: "slow", delayMs: action.delayMs };
    case "errors":
      return { kind: "errors", rate: action.rate, status: action.status };
    default:
      return assertNever(action.state);
  }
}
