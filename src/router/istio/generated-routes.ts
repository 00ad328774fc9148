import { namesOf } from "../../api/names.ts";
import { isMadeFor } from "../../api/ownership.ts";
import type { Client } from "../../kube/client.ts";
import type { ServicePort, VirtualService } from "../../kube/kind/network.ts";
import { keyOf } from "../../kube/object.ts";
import type { Reader } from "../../kube/reader.ts";
import { VIRTUAL_SERVICE } from "../../kube/resources.ts";
import { firstDifference } from "../difference.ts";
import { ForeignObjectError } from "../foreign-object.ts";
import {
  driftOf,
  ensureGenerated,
  findGenerated,
  type Generated,
  newObject,
  removeGenerated,
  titleOfOwn,
} from "../generated.ts";
import { lastEditor } from "../last-editor.ts";
import { NO_CANARY, type RouteContext, type Routing, type Traffic } from "../router.ts";
import type { HostRules } from "./host-rules.ts";
import type { Routes } from "./routes.ts";
import { buildVirtualServiceSpec, OWNED_SPEC, readTraffic } from "./virtual-service.ts";

export interface GeneratedRoutesOptions {
  readonly client: Client;
  readonly virtualServices: Reader<VirtualService>;
  readonly rules: HostRules;
  /** Ports of the Services that the routes lead to, the spec's first. */
  readonly ports: (context: RouteContext) => readonly ServicePort[];
}

/** A VirtualService and DestinationRules that we make, and keep as the spec wants them. */
export class GeneratedRoutes implements Routes {
  readonly #client: Client;
  readonly #virtualServices: Reader<VirtualService>;
  readonly #rules: HostRules;
  readonly #ports: (context: RouteContext) => readonly ServicePort[];

  constructor(options: GeneratedRoutesOptions) {
    this.#client = options.client;
    this.#virtualServices = options.virtualServices;
    this.#rules = options.rules;
    this.#ports = options.ports;
  }

  observe(context: RouteContext): Routing {
    const wanted = this.#wantedVirtualService(context);
    const actual = findGenerated(context.rollout, wanted);
    if (actual === undefined) return { kind: "missing" };
    const traffic = readTraffic(actual, context);
    const drift = driftOf(context.rollout, wanted) ?? this.#rules.drift(context);
    const changedBy = lastEditor(actual);
    return {
      kind: "present",
      traffic,
      inSync: drift === null,
      ...(drift === null ? {} : { drift }),
      ...(changedBy === null ? {} : { changedBy }),
    };
  }

  /** DestinationRules first: their policy is to hold from the first request that the VirtualService sends. */
  async ensure(context: RouteContext): Promise<void> {
    await this.#rules.ensure(context);
    await ensureGenerated(this.#client, context.rollout, this.#wantedVirtualService(context));
  }

  /** One write of all routes, whatever was done to them; it reads and writes the VirtualService alone. */
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
    const { http, tcp } = wanted.spec;
    const said = { http: actual.spec?.http, tcp: actual.spec?.tcp };
    if (firstDifference({ http, tcp }, said, "exact") === null) return;
    const { resourceVersion } = actual.metadata;
    await this.#client.patch(VIRTUAL_SERVICE, keyOf(actual), {
      type: "merge",
      body: { metadata: { resourceVersion }, spec: { http: http ?? null, tcp: tcp ?? null } },
    });
  }

  /**
   * The VirtualService first: without it the apex host is its Service again, which by then selects the target. The
   * DestinationRules go when no route names their hosts any more.
   */
  async remove(context: RouteContext): Promise<void> {
    await this.removeVirtualService(context);
    await this.#rules.remove(context);
  }

  leftHosts(): readonly string[] {
    return [];
  }

  /** The VirtualService that we have made, as a title; null: there is none. */
  leftVirtualService(context: RouteContext): string | null {
    return titleOfOwn(context.rollout, this.#wantedVirtualService(context));
  }

  async removeVirtualService(context: RouteContext): Promise<void> {
    await removeGenerated(this.#client, context.rollout, this.#wantedVirtualService(context));
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
      spec: buildVirtualServiceSpec(context, traffic ?? current, this.#ports(context)),
      owned: OWNED_SPEC,
    };
  }
}
