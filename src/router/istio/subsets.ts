import { namesOf } from "../../api/names.ts";
import type { Client, JsonPatchOperation } from "../../kube/client.ts";
import type { DestinationRule, EndpointSlice, Service, ServicePort } from "../../kube/kind/network.ts";
import type { Pod } from "../../kube/kind/workload.ts";
import type { Reader } from "../../kube/reader.ts";
import { DESTINATION_RULE } from "../../kube/resources.ts";
import { isDeepEqual } from "../../lib/json.ts";
import type { Backends } from "../backends.ts";
import { readyEndpoints } from "../endpoints.ts";
import { lastEditor } from "../last-editor.ts";
import { mapPatch } from "../map-patch.ts";
import type { RouteContext, ServiceState, Services } from "../router.ts";
import { isEmpty, POD_TEMPLATE_HASH, withoutPin } from "../service-spec.ts";
import type { Side } from "./arms.ts";
import { patchUnderTest } from "./patch-under-test.ts";
import { annotationsWith, type Labels, type SubsetMemory, subsetMemoryIn } from "./subset-memory.ts";
import { subsetProblem } from "./subset-problem.ts";

export interface SubsetsOptions {
  readonly client: Client;
  readonly destinationRules: Reader<DestinationRule>;
  readonly services: Reader<Service>;
  /** With SERVICE_INDEX (kube/indexes.ts). */
  readonly endpointSlices: Reader<EndpointSlice>;
  readonly pods: Reader<Pod>;
}

/**
 * One Service has the pods of both sides, and two subsets of a DestinationRule of the user tell them apart. The
 * primary's is labelled as long as the primary serves, the canary's for the length of a run; all else in the rule stays.
 *
 * What the apex Service is elsewhere (where requests go that no canary gets) is the primary's subset here.
 */
export class Subsets implements Backends {
  readonly #client: Client;
  readonly #destinationRules: Reader<DestinationRule>;
  readonly #services: Reader<Service>;
  readonly #endpointSlices: Reader<EndpointSlice>;
  readonly #pods: Reader<Pod>;

  constructor(options: SubsetsOptions) {
    this.#client = options.client;
    this.#destinationRules = options.destinationRules;
    this.#services = options.services;
    this.#endpointSlices = options.endpointSlices;
    this.#pods = options.pods;
  }

  observe(context: RouteContext): Services {
    const rule = this.#rule(context);
    const memory = rule === undefined ? null : subsetMemoryIn(rule);
    const isInRun = context.rollout.status?.run !== undefined;
    const isLeftLabelled = !isInRun && memory?.labels[subsetName(context, "canary")] !== undefined;
    const primary = this.#state(context, "primary", true);
    return { apex: primary, primary, canary: this.#state(context, "canary", !isLeftLabelled) };
  }

  /** Out of a run the canary's subset is the user's again. */
  async ensure(context: RouteContext): Promise<void> {
    if (context.rollout.status?.run === undefined) await this.#restore(context, "canary");
  }

  async pinCanary(context: RouteContext, podTemplateHash: string): Promise<void> {
    const labels = { ...withoutPin(context.selectors.target), [POD_TEMPLATE_HASH]: podTemplateHash };
    await this.#label(context, "canary", labels);
  }

  /** On the way back the subset says what it said before, where that selects the target's pods and nobody else's. */
  async pointApex(context: RouteContext, side: "primary" | "target"): Promise<void> {
    if (side === "primary") {
      await this.#label(context, "primary", context.selectors.primary);
      return;
    }
    const rule = this.#rule(context);
    if (rule === undefined || this.#selects(context, rule) === "target") return;
    const before = subsetMemoryIn(rule)?.labels[subsetName(context, "primary")];
    const isTargetsAlone =
      before !== undefined &&
      selectsSide(before, context, "target") &&
      !selectsSide(before, context, "primary");
    if (isTargetsAlone) await this.#restore(context, "primary");
    else await this.#label(context, "primary", context.selectors.target);
  }

  /** Labels are given back that were not yet, unless they would leave the primary's subset without pods for good. */
  async remove(context: RouteContext): Promise<void> {
    await this.#restore(context, "canary");
    const rule = this.#rule(context);
    const before = rule && subsetMemoryIn(rule)?.labels[subsetName(context, "primary")];
    if (before === undefined) return;
    const isOfUse = context.pods.labels === null || selectsSide(before, context, "target");
    await this.#settle(context, "primary", isOfUse ? before : context.selectors.target);
  }

  async giveAway(): Promise<void> {}

  ports(context: RouteContext): readonly ServicePort[] {
    const { port, portName, appProtocol } = context.spec.service;
    const all = this.#service(context)?.spec.ports ?? [];
    const same = all.find((it) => it.port === port);
    const named = { name: portName, port, ...(appProtocol === undefined ? {} : { appProtocol }) };
    return [same ?? named, ...all.filter((it) => it !== same)];
  }

  problem(context: RouteContext): string | null {
    return subsetProblem(context, this.#rule(context), this.#service(context));
  }

  #state(context: RouteContext, side: Side, inSync: boolean): ServiceState {
    const rule = this.#rule(context);
    const labels = rule === undefined ? {} : labelsOf(rule, subsetName(context, side));
    const selects = rule === undefined ? "nothing" : this.#selects(context, rule);
    const changedBy = rule === undefined ? null : lastEditor(rule);
    return {
      // What is missing is not ours to make: `problem` tells.
      exists: true,
      pinnedHash: labels?.[POD_TEMPLATE_HASH] ?? null,
      selects: side === "canary" ? "target" : selects,
      readyEndpoints: this.#readyEndpoints(context, labels ?? {}),
      inSync,
      ...(changedBy === null ? {} : { changedBy }),
    };
  }

  #selects(context: RouteContext, rule: DestinationRule): "primary" | "target" {
    const labels = labelsOf(rule, subsetName(context, "primary")) ?? {};
    const keys = Object.entries(context.selectors.primary);
    return keys.length > 0 && keys.every(([key, value]) => labels[key] === value) ? "primary" : "target";
  }

  #readyEndpoints(context: RouteContext, labels: Labels): number {
    const service = this.#service(context);
    if (service === undefined) return 0;
    const selector = { ...service.spec.selector, ...labels };
    return readyEndpoints(
      { ...service, spec: { ...service.spec, selector } },
      this.#endpointSlices,
      this.#pods,
    );
  }

  /** Labels a subset, and remembers what somebody else let it say last. */
  async #label(context: RouteContext, side: Side, labels: Labels): Promise<void> {
    const rule = this.#rule(context);
    const name = subsetName(context, side);
    // Without any it would select the pods of both sides: neither is there to tell which are whose.
    if (rule === undefined || isEmpty(labels)) return;
    const now = labelsOf(rule, name);
    if (isDeepEqual(now, labels)) return;
    const remembered = subsetMemoryIn(rule)?.labels ?? {};
    const { primary, target } = context.selectors;
    const ours: readonly Labels[] = side === "primary" ? [primary, target] : [withoutPin(target)];
    const isOurs = ours.some((it) => isDeepEqual(withoutPin(now ?? {}), it));
    const before = isOurs && remembered[name] !== undefined ? remembered[name] : now;
    await this.#write(rule, name, labels, { ...remembered, [name]: before });
  }

  async #restore(context: RouteContext, side: Side): Promise<void> {
    const rule = this.#rule(context);
    if (rule === undefined) return;
    const before = subsetMemoryIn(rule)?.labels[subsetName(context, side)];
    if (before !== undefined) await this.#settle(context, side, before);
  }

  /** Labels a subset for good. */
  async #settle(context: RouteContext, side: Side, labels: Labels | null): Promise<void> {
    const rule = this.#rule(context);
    if (rule === undefined) return;
    const name = subsetName(context, side);
    const { [name]: _, ...others } = subsetMemoryIn(rule)?.labels ?? {};
    await this.#write(rule, name, labels, others);
  }

  async #write(
    rule: DestinationRule,
    subset: string,
    labels: Labels | null,
    remembered: SubsetMemory["labels"],
  ): Promise<void> {
    const index = rule.spec.subsets?.findIndex(({ name }) => name === subset) ?? -1;
    if (index < 0) return;
    const path = `/spec/subsets/${index}`;
    const operations: JsonPatchOperation[] = [{ op: "test", path: `${path}/name`, value: subset }];
    if (labels !== null) operations.push({ op: "add", path: `${path}/labels`, value: labels });
    else if (labelsOf(rule, subset) !== null) operations.push({ op: "remove", path: `${path}/labels` });
    const annotations = annotationOperations(rule, annotationsWith(rule, remembered));
    await patchUnderTest(this.#client, DESTINATION_RULE, rule, [...operations, ...annotations]);
  }

  #rule(context: RouteContext): DestinationRule | undefined {
    const { destinationRule } = context.spec.traffic.istio;
    if (destinationRule === undefined) return undefined;
    const { namespace } = context.rollout.metadata;
    return this.#destinationRules.get({ namespace, name: destinationRule.name });
  }

  #service(context: RouteContext): Service | undefined {
    const { apexService: name } = namesOf(context.rollout);
    return this.#services.get({ namespace: context.rollout.metadata.namespace, name });
  }
}

function subsetName({ spec }: RouteContext, side: Side): string {
  const { destinationRule } = spec.traffic.istio;
  return (side === "primary" ? destinationRule?.primarySubset : destinationRule?.canarySubset) ?? "";
}

/** Null: it has none. */
function labelsOf({ spec }: DestinationRule, subset: string): Labels | null {
  return spec.subsets?.find(({ name }) => name === subset)?.labels ?? null;
}

/** Pods of this side have these labels. */
function selectsSide(
  labels: Labels | null,
  { pods, selectors }: RouteContext,
  side: "primary" | "target",
): boolean {
  const ofSide: Labels = { ...pods.labels, ...selectors[side] };
  return Object.entries(labels ?? {}).every(([key, value]) => ofSide[key] === value);
}

function annotationOperations(rule: DestinationRule, wanted: Labels): readonly JsonPatchOperation[] {
  const now = rule.metadata.annotations;
  if (now === undefined)
    return Object.keys(wanted).length === 0
      ? []
      : [{ op: "add", path: "/metadata/annotations", value: wanted }];
  return Object.entries(mapPatch(now, wanted)).flatMap(([name, value]): readonly JsonPatchOperation[] => {
    const path = `/metadata/annotations/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (value === null) return [{ op: "remove", path }];
    return now[name] === value ? [] : [{ op: "add", path, value }];
  });
}
