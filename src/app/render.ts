import type { Rollout } from "../api/rollout.ts";
import type { RolloutSpec } from "../api/spec.ts";
import type { RunStatus } from "../api/status.ts";
import { readSpec, type SpecProblem } from "../api/validate.ts";
import { trafficOf } from "../core/repair.ts";
import { stepsOf } from "../core/steps.ts";
import type { Client, JsonPatchOperation } from "../kube/client.ts";
import type { DestinationRule, Service, VirtualService } from "../kube/kind/network.ts";
import type { Deployment } from "../kube/kind/workload.ts";
import { type KubeObject, keyOf, keyText } from "../kube/object.ts";
import type { Reader } from "../kube/reader.ts";
import type { Resource } from "../kube/resource.ts";
import { DESTINATION_RULE, ENDPOINT_SLICE, POD, SERVICE, VIRTUAL_SERVICE } from "../kube/resources.ts";
import { assert } from "../lib/assert.ts";
import { IstioRouter } from "../router/istio/istio.ts";
import type { RouteContext } from "../router/router.ts";
import { podFacts } from "../workload/deployment/observation.ts";
import { selectorLabelOf } from "../workload/deployment/pod-template.ts";
import { buildPrimary } from "../workload/deployment/primary.ts";
import { targetProblem } from "../workload/deployment/target-problem.ts";

export type Rendering =
  | {
      readonly ok: true;
      readonly objects: readonly KubeObject[];
      /** What changes in an object that is not ours; null: nothing. */
      readonly adopts: string | null;
      readonly context: RouteContext;
      /** What a run changes in routing objects of the user's, and takes back. */
      readonly patches: readonly WrittenPatch[];
      /** Why the user's routes cannot carry a canary as they are; null: they can. */
      readonly routesProblem: string | null;
    }
  | { readonly ok: false; readonly problem: SpecProblem };

export interface WrittenPatch {
  /** `VirtualService shop/edge` */
  readonly of: string;
  readonly operations: readonly JsonPatchOperation[];
}

/** What the files hold. */
export interface Sources {
  readonly rollout: Rollout;
  readonly target: Deployment | undefined;
  /** A Service with the apex' name, where there is one already. */
  readonly apex: Service | undefined;
  /** Routing objects of the user's that the spec names; none by default. */
  readonly routes?: readonly (VirtualService | DestinationRule)[];
}

/** Stands where only a cluster knows the value. */
const UNKNOWN_UID = "set-by-the-cluster";
const UNKNOWN_REVISION = "pod-template-hash-of-the-target";

/** A place in a run: mirroring, or a weight (with what the spec reserves by match, and the cookies of the run). */
export type Place = "shadow" | number;

/**
 * The objects that Sluice would make for a Rollout at rest, in the order of writing; with `place`, as they are in a run. It
 * is the router itself that makes them, on an empty cluster in memory.
 */
export async function render(
  { rollout: source, target, apex, routes = [] }: Sources,
  place: Place | null = null,
): Promise<Rendering> {
  const reading = readSpec(source.spec);
  if (!reading.ok) return { ok: false, problem: reading.problems[0] as SpecProblem };
  const rollout: Rollout = {
    ...source,
    metadata: { ...source.metadata, uid: UNKNOWN_UID },
    spec: reading.spec,
    // As when the primary serves.
    status: {
      phase: "Initializing",
      canaryWeight: 0,
      trafficMovedAt: "",
      ...(place === null ? {} : { run: runAt(reading.spec, place) }),
    },
  };
  const problem = targetProblem(rollout, target, undefined);
  if (problem !== null || target === undefined) return { ok: false, problem: problem as SpecProblem };
  const { context, primary } = routesOfCopy(rollout, target);
  const given = [...(apex === undefined ? [] : [apex]), ...routes];
  const { made, patches, routesProblem } = await routed(context, given);
  const selector = JSON.stringify(context.selectors.primary);
  const adopts =
    apex === undefined ? null : `Service ${apex.metadata.name} keeps all but its selector: ${selector}`;
  return { ok: true, objects: [primary, ...made], adopts, context, patches, routesProblem };
}

/** The primary that is made from a target without a problem, and what the router is told of both. */
function routesOfCopy(
  rollout: Rollout,
  target: Deployment,
): { readonly context: RouteContext; readonly primary: Deployment } {
  const label = selectorLabelOf(target.spec.selector);
  assert(label !== null, "a target without a problem has a selector label");
  const { template } = target.spec;
  const analysed = { target, label, template, revision: UNKNOWN_REVISION };
  const primary = buildPrimary(rollout, analysed, target.spec.replicas ?? 1);
  const selectors = {
    target: target.spec.selector.matchLabels ?? {},
    primary: primary.spec.selector.matchLabels ?? {},
  };
  return { context: { rollout, spec: rollout.spec, selectors, pods: podFacts(target, undefined) }, primary };
}

/** A run that has come to the place. */
function runAt(spec: RolloutSpec, place: Place): RunStatus {
  const shadow = place === "shadow" ? (spec.shadow?.percent ?? 0) : 0;
  const weight = place === "shadow" ? 0 : place;
  const at = "set-by-the-controller";
  return {
    id: 1,
    revision: UNKNOWN_REVISION,
    images: [],
    startedAt: at,
    stage: place === "shadow" ? "Shadow" : "Step",
    stageSince: at,
    stepIndex: 0,
    steps: stepsOf(spec).length,
    positions: [],
    weight,
    maxWeight: weight,
    shadowPercent: shadow,
    canaryReplicas: 1,
    primaryReplicas: 1,
    spec,
  };
}

async function routed(context: RouteContext, given: readonly KubeObject[]) {
  const written = new WrittenObjects();
  for (const object of given) written.add(RESOURCES[object.kind] ?? SERVICE, object);
  const router = new IstioRouter({
    client: written.client,
    services: written.reader(SERVICE),
    endpointSlices: written.reader(ENDPOINT_SLICE),
    pods: written.reader(POD),
    virtualServices: written.reader(VIRTUAL_SERVICE),
    destinationRules: written.reader(DESTINATION_RULE),
  });
  await router.ensureServices(context);
  // Routes that are there keep their weights.
  const { run } = context.rollout.status ?? {};
  if (run !== undefined) await router.setTraffic(context, trafficOf(run));
  await router.ensureRoutes(context);
  return {
    made: written.objects.filter((object) => !given.includes(object)),
    patches: written.patches,
    routesProblem: router.observe(context).routing.problem ?? null,
  };
}

const RESOURCES: Readonly<Record<string, Resource>> = {
  VirtualService: VIRTUAL_SERVICE,
  DestinationRule: DESTINATION_RULE,
};

/** A cluster in memory that takes new objects, and writes down how others are to be patched. */
class WrittenObjects {
  readonly #objects = new Map<string, KubeObject>();
  readonly patches: WrittenPatch[] = [];

  readonly client: Client = {
    create: async (resource, object) => {
      this.add(resource, object);
      return object;
    },
    get: unasked,
    list: unasked,
    watch: unasked,
    update: unasked,
    patch: async (resource, key, patch) => {
      if (patch.type !== "json") return unasked();
      // The lock on the version that was read is the cluster's.
      const operations = patch.operations.filter(({ path }) => path !== "/metadata/resourceVersion");
      this.patches.push({ of: `${resource.kind} ${keyText(key)}`, operations });
      return this.reader(resource).get(key) ?? unasked();
    },
    apply: unasked,
    delete: unasked,
  };

  get objects(): readonly KubeObject[] {
    return [...this.#objects.values()];
  }

  add(resource: Resource, object: KubeObject): void {
    this.#objects.set(`${resource.plural} ${keyText(keyOf(object))}`, object);
  }

  reader<T extends KubeObject>(resource: Resource<T>): Reader<T> {
    return {
      get: (key) => this.#objects.get(`${resource.plural} ${keyText(key)}`) as T | undefined,
      by: () => [],
      list: () => [],
    };
  }
}

function unasked(): never {
  throw new Error("rendering only makes new objects");
}
