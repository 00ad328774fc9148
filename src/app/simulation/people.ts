import { commandAnnotation } from "../../api/command.ts";
import { ROLLOUT } from "../../api/resource.ts";
import { isAlreadyExists } from "../../kube/api-error.ts";
import type { Client, Patch } from "../../kube/client.ts";
import type { AnyObject, KubeObject } from "../../kube/object.ts";
import type { Resource } from "../../kube/resource.ts";
import {
  DEPLOYMENT,
  DESTINATION_RULE,
  HORIZONTAL_POD_AUTOSCALER,
  POD,
  SECRET,
  SERVICE,
  VIRTUAL_SERVICE,
} from "../../kube/resources.ts";
import { sleep } from "../../lib/clock.ts";
import { toError } from "../../lib/errors.ts";
import type { World } from "../../sim/world.ts";
import { type GivenCommand, NAMESPACE_NAME, type PeopleRecord } from "./invariant.ts";
import {
  autoscalerManifest,
  deploymentManifest,
  inboxSecret,
  ownRoutesManifest,
  rolloutManifest,
  serviceManifest,
} from "./manifests.ts";
import type { Deletable, Move, Plan, PlannedRollout } from "./plan.ts";
import { destinationRuleManifest } from "./subsets.ts";
import type { Trace } from "./trace.ts";
import { imageOf } from "./versions.ts";

const OPTIONS = { fieldManager: "kubectl" };

const KIND_OF: Readonly<Record<Deletable, Resource>> = {
  target: DEPLOYMENT,
  primary: DEPLOYMENT,
  apexService: SERVICE,
  primaryService: SERVICE,
  canaryService: SERVICE,
  virtualService: VIRTUAL_SERVICE,
  rollout: ROLLOUT,
};

const SUFFIX_OF: Readonly<Partial<Record<Deletable, string>>> = {
  primary: "-primary",
  primaryService: "-primary",
  canaryService: "-canary",
};

/** What was deleted may take its time to go; then it is tried again. */
const RECREATE_EVERY_MS = 5_000;
const RECREATE_TRIES = 60;

/** Nothing that a query can name. */
const MISSPELT_METRIC = { name: "errors", query: "sum(rate(errors{app='{{ targte }}'}[1m]))", max: 1 };

/** Everybody but Sluice: users, their Git, and whoever deletes things at night. */
export class People implements PeopleRecord {
  readonly #plan: Plan;
  readonly #world: World;
  readonly #trace: Trace;
  readonly #client: Client;
  readonly #images = new Map<string, string | null>();
  #commands: readonly (GivenCommand & { readonly rollout: string })[] = [];
  /** Rollouts that went before they could be handed back. */
  readonly #cutShort = new Set<string>();
  /** Objects that are still to be made again. */
  #pending = 0;

  constructor(plan: Plan, world: World, trace: Trace) {
    this.#plan = plan;
    this.#world = world;
    this.#trace = trace;
    this.#client = world.client;
    for (const { name } of plan.rollouts) this.#images.set(name, imageOf(name, "v1"));
  }

  get isBusy(): boolean {
    return this.#pending > 0;
  }

  commands(rollout: string): readonly GivenCommand[] {
    return this.#commands.filter((it) => it.rollout === rollout);
  }

  wantedImage(rollout: string): string | null {
    return this.#images.get(rollout) ?? null;
  }

  hasCutShort(rollout: string): boolean {
    return this.#cutShort.has(rollout);
  }

  /** Time 0: targets and their Services are there. */
  async prepare(): Promise<void> {
    await this.#client.create(SECRET as Resource, inboxSecret(), OPTIONS);
    for (const rollout of this.#plan.rollouts) {
      const image = this.#images.get(rollout.name) ?? "";
      await this.#client.create(DEPLOYMENT as Resource, deploymentManifest(rollout, image), OPTIONS);
      await this.#client.create(SERVICE as Resource, serviceManifest(rollout), OPTIONS);
      const routes = ownRoutesManifest(rollout);
      if (routes !== null) await this.#client.create(VIRTUAL_SERVICE as Resource, routes, OPTIONS);
      const rule = destinationRuleManifest(rollout);
      if (rule !== null) await this.#client.create(DESTINATION_RULE as Resource, rule, OPTIONS);
    }
  }

  async applyRollouts(): Promise<void> {
    for (const rollout of this.#plan.rollouts) {
      await this.#client.create(ROLLOUT as Resource, rolloutManifest(rollout), OPTIONS);
    }
  }

  /** Never rejects: what cannot be done (the object is gone) is noted and left. */
  async perform(move: Move): Promise<void> {
    const { atMs: _, onceIn: __, rollout, ...what } = move;
    this.#trace.add("people", `${rollout} ${JSON.stringify(what)}`);
    try {
      await this.#do(move);
    } catch (thrown) {
      this.#trace.add("people", `could not: ${toError(thrown).message}`);
    }
  }

  /** Git's objects as they are in Git, taken back from whoever changed them. */
  async syncGit(): Promise<void> {
    for (const rollout of this.#plan.rollouts) {
      const image = this.wantedImage(rollout.name);
      if (image === null || this.#pending > 0) continue;
      const at = { namespace: NAMESPACE_NAME, name: rollout.name };
      if (this.#world.caches.deployments.get(at) === undefined) continue;
      await this.#apply(DEPLOYMENT, deploymentManifest(rollout, image));
      await this.#apply(SERVICE, serviceManifest(rollout));
      const rule = destinationRuleManifest(rollout);
      if (rule !== null) await this.#apply(DESTINATION_RULE, rule);
      this.#trace.add("git", `put ${rollout.name} back`);
    }
  }

  async #apply(resource: Resource, object: AnyObject): Promise<void> {
    try {
      await this.#client.apply(resource, object, { ...OPTIONS, fieldManager: "git", force: true });
    } catch (thrown) {
      this.#trace.add("git", `could not: ${toError(thrown).message}`);
    }
  }

  async #do(move: Move): Promise<void> {
    const { rollout: name } = move;
    switch (move.kind) {
      case "image":
        await this.#setImage(name, move.image);
        return;
      case "command":
        await this.#patch(ROLLOUT, name, {
          metadata: { annotations: { [commandAnnotation(move.command)]: "because" } },
        });
        this.#commands = [
          ...this.#commands,
          { rollout: name, command: move.command, atMs: this.#world.clock.now(), isWithdrawn: false },
        ];
        return;
      case "scale":
        return this.#patch(DEPLOYMENT, name, { spec: { replicas: move.replicas } });
      case "suspend":
        return this.#patch(ROLLOUT, name, { spec: { suspend: move.value } });
      case "editHolds":
        return this.#patch(ROLLOUT, name, {
          spec: {
            steps: [
              { weight: 30, hold: move.hold },
              { weight: 60, hold: move.hold },
            ],
            // In their place, where the Rollout was of another kind.
            ab: null,
            blueGreen: null,
          },
        });
      case "misspell":
        return this.#patch(ROLLOUT, name, {
          spec: { analysis: { metrics: move.isRight ? metricsOf(this.#planned(name)) : [MISSPELT_METRIC] } },
        });
      case "replace":
        return this.#replace(this.#planned(name));
      case "losePods":
        return this.#losePods(name, move.side);
      case "autoscale":
        return this.#autoscale(name, move);
      case "delete":
        if (move.what === "target") this.#images.set(name, null);
        await this.#client.delete(KIND_OF[move.what], this.#keyOf(name, move.what), {
          propagation: "Background",
        });
        return;
      case "recreate":
        return this.#recreate(this.#planned(name), move.what);
    }
  }

  #planned(name: string): PlannedRollout {
    return this.#plan.rollouts.find((it) => it.name === name) as PlannedRollout;
  }

  #keyOf(name: string, what: Deletable): { readonly namespace: string; readonly name: string } {
    return { namespace: NAMESPACE_NAME, name: `${name}${SUFFIX_OF[what] ?? ""}` };
  }

  async #setImage(name: string, image: string): Promise<void> {
    const body = { spec: { template: { spec: { containers: [{ name: "app", image }] } } } };
    await this.#send(DEPLOYMENT, name, { type: "strategic", body });
    this.#images.set(name, image);
  }

  #patch(resource: Resource, name: string, body: unknown): Promise<void> {
    return this.#send(resource, name, { type: "merge", body });
  }

  async #send(resource: Resource, name: string, patch: Patch): Promise<void> {
    await this.#client.patch<KubeObject>(resource, { namespace: NAMESPACE_NAME, name }, patch, OPTIONS);
  }

  async #replace(rollout: PlannedRollout): Promise<void> {
    const object = rolloutManifest(rollout);
    const found = await this.#client.get(ROLLOUT, this.#keyOf(rollout.name, "rollout"));
    const metadata = { ...object.metadata, resourceVersion: found.metadata.resourceVersion ?? "" };
    await this.#client.update(ROLLOUT as Resource, { ...object, metadata }, OPTIONS);
    if (found.metadata.deletionTimestamp !== undefined) this.#cutShort.add(rollout.name);
    // Its annotations go with it, and what nobody has read by then was not said.
    const { annotations = {} } = found.metadata;
    const isUnread = (given: GivenCommand) => commandAnnotation(given.command) in annotations;
    this.#commands = this.#commands.map((it) =>
      it.rollout === rollout.name && isUnread(it) ? { ...it, isWithdrawn: true } : it,
    );
  }

  async #losePods(name: string, side: "target" | "primary"): Promise<void> {
    const isOfPrimary = (pod: string) => pod.startsWith(`${name}-primary-`);
    const names = this.#world.caches.pods
      .list()
      .map(({ metadata }) => metadata.name)
      .filter((pod) => pod.startsWith(`${name}-`) && isOfPrimary(pod) === (side === "primary"))
      .toSorted();
    for (const pod of names) {
      await this.#client.delete(POD, { namespace: NAMESPACE_NAME, name: pod }, { gracePeriodSeconds: 0 });
    }
  }

  async #autoscale(
    name: string,
    { side, min, max }: { readonly side: "target" | "primary"; readonly min: number; readonly max: number },
  ): Promise<void> {
    const of = side === "primary" ? `${name}-primary` : name;
    const object = autoscalerManifest(of, min, max);
    await this.#client.apply(HORIZONTAL_POD_AUTOSCALER as Resource, object, { ...OPTIONS, force: true });
  }

  async #recreate(rollout: PlannedRollout, what: "target" | "rollout"): Promise<void> {
    const image = imageOf(rollout.name, "v2");
    const object = what === "target" ? deploymentManifest(rollout, image) : rolloutManifest(rollout);
    this.#pending += 1;
    try {
      for (let tries = 0; tries < RECREATE_TRIES; tries++) {
        const made = await this.#create(KIND_OF[what], object);
        if (made === "created" && what === "target") this.#images.set(rollout.name, image);
        if (made === "created" && what === "rollout") this.#cutShort.delete(rollout.name);
        if (made !== "going") return;
        await sleep(this.#world.clock, RECREATE_EVERY_MS);
      }
    } finally {
      this.#pending -= 1;
    }
  }

  /** One that stays was never deleted: nothing is to be done. */
  async #create(resource: Resource, object: AnyObject): Promise<"created" | "stays" | "going"> {
    try {
      await this.#client.create(resource, object, OPTIONS);
      return "created";
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const { namespace, name } = object.metadata;
      const found = await this.#client.get(resource, { namespace, name });
      return found.metadata.deletionTimestamp === undefined ? "stays" : "going";
    }
  }
}

function metricsOf({ spec }: PlannedRollout): unknown {
  return (spec["analysis"] as { readonly metrics: unknown }).metrics;
}
