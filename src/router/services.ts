import { namesOf } from "../api/names.ts";
import { isMadeFor } from "../api/ownership.ts";
import type { Client } from "../kube/client.ts";
import type { EndpointSlice, Service, ServicePort } from "../kube/kind/network.ts";
import type { Pod } from "../kube/kind/workload.ts";
import { keyOf } from "../kube/object.ts";
import type { Reader } from "../kube/reader.ts";
import { SERVICE } from "../kube/resources.ts";
import { isDeepEqual } from "../lib/json.ts";
import { adoptedAnnotations, originalSelector, releasedAnnotations } from "./adoption.ts";
import type { Backends } from "./backends.ts";
import { firstDifference } from "./difference.ts";
import { readyEndpoints } from "./endpoints.ts";
import { ForeignObjectError } from "./foreign-object.ts";
import { driftOf, ensureGenerated, findGenerated, type Generated, removeGenerated } from "./generated.ts";
import { mapPatch } from "./map-patch.ts";
import type { RouteContext, ServiceState, Services } from "./router.ts";
import {
  buildApex,
  buildPorts,
  buildSpec,
  isEmpty,
  OWNED_SPEC,
  POD_TEMPLATE_HASH,
  pinOf,
  sideOf,
  targetSelector,
  withoutPin,
} from "./service-spec.ts";

export interface ServiceSetOptions {
  readonly client: Client;
  readonly services: Reader<Service>;
  /** With SERVICE_INDEX (kube/indexes.ts). */
  readonly endpointSlices: Reader<EndpointSlice>;
  readonly pods: Reader<Pod>;
}

type Selector = Readonly<Record<string, string>>;

/** The apex, primary and canary Service of a Rollout; the same for every router. */
export class ServiceSet implements Backends {
  readonly #client: Client;
  readonly #services: Reader<Service>;
  readonly #endpointSlices: Reader<EndpointSlice>;
  readonly #pods: Reader<Pod>;

  constructor(options: ServiceSetOptions) {
    this.#client = options.client;
    this.#services = options.services;
    this.#endpointSlices = options.endpointSlices;
    this.#pods = options.pods;
  }

  observe(context: RouteContext): Services {
    const { rollout } = context;
    const apex = this.#apex(context);
    const primary = this.#wantedPrimary(context);
    const canary = this.#wantedCanary(context);
    return {
      apex: this.#state(context, apex, apex !== undefined && isApexInSync(context, apex)),
      primary: this.#state(context, findGenerated(rollout, primary), driftOf(rollout, primary) === null),
      canary: this.#state(context, findGenerated(rollout, canary), driftOf(rollout, canary) === null),
    };
  }

  async ensure(context: RouteContext): Promise<void> {
    await ensureGenerated(this.#client, context.rollout, this.#wantedPrimary(context));
    await ensureGenerated(this.#client, context.rollout, this.#wantedCanary(context));
    const apex = this.#apex(context);
    if (apex === undefined) await this.#createApex(context, servingSide(context));
    else if (!isApexInSync(context, apex)) await this.#repairApex(context, apex);
  }

  async pinCanary(context: RouteContext, podTemplateHash: string): Promise<void> {
    const wanted = this.#wantedCanary(context, podTemplateHash);
    const actual = findGenerated(context.rollout, wanted);
    if (actual === undefined) {
      await ensureGenerated(this.#client, context.rollout, wanted);
      return;
    }
    if (!isMadeFor(context.rollout, actual)) {
      throw new ForeignObjectError(driftOf(context.rollout, wanted) ?? "the canary Service is not ours");
    }
    await this.#select(actual, wanted.spec.selector ?? {}, actual.metadata.annotations);
  }

  /**
   * An apex Service that was there before us keeps its ports and metadata. One write moves its selector and remembers
   * what it was; on the way back, one write restores it.
   */
  async pointApex(context: RouteContext, side: "primary" | "target"): Promise<void> {
    const apex = this.#apex(context);
    if (apex === undefined) {
      await this.#createApex(context, side);
      return;
    }
    const wanted = side === "target" ? targetSelector(context, apex) : context.selectors.primary;
    const original = originalSelector(apex);
    // Nothing tells what it is to select; without a selector it would have the endpoints that it has for ever.
    if (original === null && isEmpty(wanted)) return;
    if (side === "primary") await this.#takeBackPrimary(context);
    const isAdopted = !isMadeFor(context.rollout, apex);
    if (!isAdopted) await this.#select(apex, wanted, apex.metadata.annotations);
    else if (side === "primary") await this.#select(apex, wanted, adoptedAnnotations(apex));
    else await this.#select(apex, original ?? wanted, releasedAnnotations(apex));
  }

  /** The canary Service first: the primary's serves until the very end. Those that were given away stay. */
  async remove(context: RouteContext): Promise<void> {
    for (const wanted of [this.#wantedCanary(context), this.#wantedPrimary(context)]) {
      const actual = findGenerated(context.rollout, wanted);
      const isOwned = actual?.metadata.ownerReferences?.some(
        ({ uid }) => uid === context.rollout.metadata.uid,
      );
      if (isOwned === true) await removeGenerated(this.#client, context.rollout, wanted);
    }
  }

  /**
   * Routes of the user name these Services: they outlive the Rollout, and select the target, so that who sends to them
   * goes on being served.
   */
  async giveAway(context: RouteContext, names: readonly string[]): Promise<void> {
    const { rollout } = context;
    for (const { name } of [this.#wantedPrimary(context), this.#wantedCanary(context)]) {
      const service = this.#services.get({ namespace: rollout.metadata.namespace, name });
      if (!names.includes(name) || service === undefined || !isMadeFor(rollout, service)) continue;
      const { resourceVersion, ownerReferences = [] } = service.metadata;
      const others = ownerReferences.filter(({ uid }) => uid !== rollout.metadata.uid);
      const now = service.spec.selector ?? {};
      const wanted = targetSelector(context, service);
      if (others.length === ownerReferences.length && isDeepEqual(now, wanted)) continue;
      await this.#client.patch(SERVICE, keyOf(service), {
        type: "merge",
        body: {
          metadata: { resourceVersion, ownerReferences: others },
          spec: { selector: mapPatch(now, wanted) },
        },
      });
    }
  }

  /** Ports that primary and canary Service have; the spec's first. */
  ports(context: RouteContext): readonly ServicePort[] {
    return buildPorts(context, this.#adoptedPorts(context));
  }

  /** Ports of an apex Service that was there before us; none when it is ours, or not there. */
  #adoptedPorts(context: RouteContext): readonly ServicePort[] {
    const apex = this.#apex(context);
    return apex === undefined || isMadeFor(context.rollout, apex) ? [] : (apex.spec.ports ?? []);
  }

  /** Selectors tell the sides apart, whatever the Services of others say. */
  problem(): string | null {
    return null;
  }

  #apex(context: RouteContext): Service | undefined {
    const { apexService: name } = namesOf(context.rollout);
    return this.#services.get({ namespace: context.rollout.metadata.namespace, name });
  }

  async #createApex(context: RouteContext, side: "primary" | "target"): Promise<void> {
    await this.#client.create(SERVICE, buildApex(context, side));
  }

  async #repairApex(context: RouteContext, apex: Service): Promise<void> {
    const { ports } = buildSpec(context, {});
    await this.#client.update(SERVICE, { ...apex, spec: { ...apex.spec, ports: ports ?? [] } });
  }

  /** One write of selector and annotations; none when both are as wanted. */
  async #select(
    service: Service,
    selector: Selector,
    annotations: Readonly<Record<string, string>> | undefined,
  ): Promise<void> {
    const now = service.metadata.annotations ?? {};
    const wanted = annotations ?? {};
    if (isDeepEqual(service.spec.selector ?? {}, selector) && isDeepEqual(now, wanted)) return;
    const { resourceVersion } = service.metadata;
    await this.#client.patch(SERVICE, keyOf(service), {
      type: "merge",
      body: {
        metadata: { resourceVersion, annotations: mapPatch(now, wanted) },
        spec: { selector: mapPatch(service.spec.selector ?? {}, selector) },
      },
    });
  }

  #state(context: RouteContext, service: Service | undefined, inSync: boolean): ServiceState {
    if (service === undefined) {
      return { exists: false, pinnedHash: null, selects: "nothing", readyEndpoints: 0, inSync: false };
    }
    return {
      exists: true,
      pinnedHash: pinOf(service),
      selects: sideOf(service, context.selectors),
      readyEndpoints: readyEndpoints(service, this.#endpointSlices, this.#pods),
      inSync,
    };
  }

  /** One that was given away to an earlier Rollout's routes selects the target until the primary serves. */
  #wantedPrimary(context: RouteContext): Generated<Service> {
    const { primaryService: name } = namesOf(context.rollout);
    const actual = this.#services.get({ namespace: context.rollout.metadata.namespace, name });
    const isGivenAway =
      actual !== undefined &&
      servingSide(context) === "target" &&
      sideOf(actual, context.selectors) === "target";
    const selector = isGivenAway ? (actual.spec.selector ?? {}) : context.selectors.primary;
    return this.#generated(name, buildSpec(context, selector, this.#adoptedPorts(context)));
  }

  async #takeBackPrimary(context: RouteContext): Promise<void> {
    const { primaryService: name } = namesOf(context.rollout);
    const service = this.#services.get({ namespace: context.rollout.metadata.namespace, name });
    if (service === undefined || !isMadeFor(context.rollout, service)) return;
    if (sideOf(service, context.selectors) === "target")
      await this.#select(service, context.selectors.primary, service.metadata.annotations);
  }

  /** Without `pin`: as it is pinned now, or, when it has to be made again in the middle of a run, to that run. */
  #wantedCanary(context: RouteContext, pin?: string): Generated<Service> {
    const { canaryService: name } = namesOf(context.rollout);
    const actual = this.#services.get({ namespace: context.rollout.metadata.namespace, name });
    const kept = actual === undefined ? undefined : (pinOf(actual) ?? undefined);
    const hash = pin ?? kept ?? context.rollout.status?.run?.revision;
    return this.#generated(
      name,
      buildSpec(
        context,
        {
          ...withoutPin(context.selectors.target),
          ...(hash === undefined ? {} : { [POD_TEMPLATE_HASH]: hash }),
        },
        this.#adoptedPorts(context),
      ),
    );
  }

  #generated(name: string, spec: Service["spec"]): Generated<Service> {
    return { resource: SERVICE, reader: this.#services, name, spec, owned: OWNED_SPEC };
  }
}

/** The ports of an adopted one are its owner's business. */
function isApexInSync(context: RouteContext, apex: Service): boolean {
  if (!isMadeFor(context.rollout, apex)) return true;
  return firstDifference(buildSpec(context, {}).ports, apex.spec.ports, "subset") === null;
}

/** Who serves, for an apex Service that has to be made: the primary as soon as traffic was once moved to it. */
function servingSide(context: RouteContext): "primary" | "target" {
  const { status } = context.rollout;
  return status?.promoted !== undefined || status?.trafficMovedAt !== undefined ? "primary" : "target";
}
