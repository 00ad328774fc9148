import { namesOf } from "../../api/names.ts";
import { isMadeFor } from "../../api/ownership.ts";
import type { Client } from "../../kube/client.ts";
import type { DestinationRule, VirtualService } from "../../kube/kind/network.ts";
import { keyOf } from "../../kube/object.ts";
import type { Reader } from "../../kube/reader.ts";
import { DESTINATION_RULE, VIRTUAL_SERVICE } from "../../kube/resources.ts";
import { isDeepEqual } from "../../lib/json.ts";
import { ForeignObjectError } from "../foreign-object.ts";
import {
  driftOf,
  ensureGenerated,
  findGenerated,
  type Generated,
  newObject,
  removeGenerated,
} from "../generated.ts";
import type { RouteContext, Router, Routing, Services, Traffic } from "../router.ts";
import { ServiceSet, type ServiceSetOptions } from "../services.ts";
import { buildDestinationRuleSpec, OWNED_SPEC as DESTINATION_RULE_SPEC } from "./destination-rule.ts";
import {
  buildVirtualServiceSpec,
  readTraffic,
  routesWithTraffic,
  OWNED_SPEC as VIRTUAL_SERVICE_SPEC,
} from "./virtual-service.ts";

export interface IstioRouterOptions extends ServiceSetOptions {
  readonly client: Client;
  readonly virtualServices: Reader<VirtualService>;
  readonly destinationRules: Reader<DestinationRule>;
}

const NO_CANARY: Traffic = { canaryWeight: 0, shadowPercent: 0, reserved: false };

/** Istio by hosts: a generated VirtualService splits the apex host between the primary and the canary Service. */
export class IstioRouter implements Router {
  readonly #client: Client;
  readonly #services: ServiceSet;
  readonly #virtualServices: Reader<VirtualService>;
  readonly #destinationRules: Reader<DestinationRule>;

  constructor(options: IstioRouterOptions) {
    this.#client = options.client;
    this.#services = new ServiceSet(options);
    this.#virtualServices = options.virtualServices;
    this.#destinationRules = options.destinationRules;
  }

  observe(context: RouteContext): { readonly routing: Routing; readonly services: Services } {
    return { routing: this.#observeRouting(context), services: this.#services.observe(context) };
  }

  ensureServices(context: RouteContext): Promise<void> {
    return this.#services.ensure(context);
  }

  /** DestinationRules first: their policy is to hold from the first request that the VirtualService sends. */
  async ensureRoutes(context: RouteContext): Promise<void> {
    for (const rule of this.#wantedRules(context)) {
      await ensureGenerated(this.#client, context.rollout, rule);
    }
    await ensureGenerated(this.#client, context.rollout, this.#wantedVirtualService(context));
  }

  pinCanary(context: RouteContext, podTemplateHash: string): Promise<void> {
    return this.#services.pinCanary(context, podTemplateHash);
  }

  pointApex(context: RouteContext, side: "primary" | "target"): Promise<void> {
    return this.#services.pointApex(context, side);
  }

  /** Reads and writes the VirtualService alone. */
  async setTraffic(context: RouteContext, traffic: Traffic): Promise<void> {
    const wanted = this.#wantedVirtualService(context, traffic);
    const actual = findGenerated(context.rollout, wanted);
    if (actual === undefined) {
      await this.#client.create(VIRTUAL_SERVICE, newObject(context.rollout, wanted));
      return;
    }
    if (!isMadeFor(context.rollout, actual)) {
      throw new ForeignObjectError(driftOf(context.rollout, wanted) ?? "the VirtualService is not ours");
    }
    const http = routesWithTraffic(actual, context, traffic, this.#isMultiPort(context));
    if (isDeepEqual(http, actual.spec?.http)) return;
    const { resourceVersion } = actual.metadata;
    await this.#client.patch(VIRTUAL_SERVICE, keyOf(actual), {
      type: "merge",
      body: { metadata: { resourceVersion }, spec: { http } },
    });
  }

  /**
   * The VirtualService first: without it the apex host is its Service again, which by then selects the target. The
   * DestinationRules go when no route names their hosts any more.
   */
  async removeRoutes(context: RouteContext): Promise<void> {
    await removeGenerated(this.#client, context.rollout, this.#wantedVirtualService(context));
    for (const rule of this.#wantedRules(context)) {
      await removeGenerated(this.#client, context.rollout, rule);
    }
  }

  removeServices(context: RouteContext): Promise<void> {
    return this.#services.remove(context);
  }

  #observeRouting(context: RouteContext): Routing {
    const wanted = this.#wantedVirtualService(context);
    const actual = findGenerated(context.rollout, wanted);
    if (actual === undefined) return { kind: "missing" };
    const traffic = readTraffic(actual, context);
    const drift =
      driftOf(context.rollout, wanted) ??
      this.#wantedRules(context)
        .map((rule) => driftOf(context.rollout, rule))
        .find((it) => it !== null);
    return drift === undefined
      ? { kind: "present", traffic, inSync: true }
      : { kind: "present", traffic, inSync: false, drift };
  }

  /** Without `traffic`: with the weights and the mirror that the object has now. */
  #wantedVirtualService(context: RouteContext, traffic?: Traffic): Generated<VirtualService> {
    const { virtualService: name } = namesOf(context.rollout);
    const actual = this.#virtualServices.get({ namespace: context.rollout.metadata.namespace, name });
    const current = actual === undefined ? NO_CANARY : readTraffic(actual, context);
    return {
      resource: VIRTUAL_SERVICE,
      reader: this.#virtualServices,
      name,
      spec: buildVirtualServiceSpec(context, traffic ?? current, this.#isMultiPort(context)),
      owned: VIRTUAL_SERVICE_SPEC,
    };
  }

  #isMultiPort(context: RouteContext): boolean {
    return this.#services.adoptedPorts(context).some(({ port }) => port !== context.spec.service.port);
  }

  #wantedRules(context: RouteContext): readonly Generated<DestinationRule>[] {
    const names = namesOf(context.rollout);
    const rules = [
      { name: names.primaryDestinationRule, host: names.primaryService },
      { name: names.canaryDestinationRule, host: names.canaryService },
    ];
    return rules.map(({ name, host }) => ({
      resource: DESTINATION_RULE,
      reader: this.#destinationRules,
      name,
      spec: buildDestinationRuleSpec(context, host),
      owned: DESTINATION_RULE_SPEC,
    }));
  }
}
