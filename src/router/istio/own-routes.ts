import { namesOf } from "../../api/names.ts";
import { isMadeFor } from "../../api/ownership.ts";
import { isConflict, isNotFound } from "../../kube/api-error.ts";
import type { Client, JsonPatchOperation } from "../../kube/client.ts";
import type { OpaqueRoute, VirtualService } from "../../kube/kind/network.ts";
import type { Reader } from "../../kube/reader.ts";
import { VIRTUAL_SERVICE } from "../../kube/resources.ts";
import { OperationError, toError } from "../../lib/errors.ts";
import { isDeepEqual } from "../../lib/json.ts";
import { lastEditor } from "../last-editor.ts";
import { NO_CANARY, type RouteContext, type Routing, type Traffic } from "../router.ts";
import { isHost } from "./arms.ts";
import type { GeneratedRoutes } from "./generated-routes.ts";
import type { HostRules } from "./host-rules.ts";
import { featureProblem } from "./own-features.ts";
import { trafficPatch } from "./own-patch.ts";
import { type OwnVirtualService, SECTIONS, selectRoutes } from "./own-selection.ts";
import { type Found, readOwnTraffic } from "./own-traffic.ts";
import { patchUnderTest } from "./patch-under-test.ts";
import type { Routes } from "./routes.ts";

/** Several routing objects could not be written; the message has what was answered for each. */
class RoutesUnwrittenError extends OperationError {
  readonly code = "RoutesUnwritten";
}

export interface OwnRoutesOptions {
  readonly client: Client;
  readonly virtualServices: Reader<VirtualService>;
  readonly rules: HostRules;
  readonly generated: GeneratedRoutes;
}

/** VirtualServices of the user: only weights, mirror and our own routes are written, and all of it is given back. */
export class OwnRoutes implements Routes {
  readonly #client: Client;
  readonly #virtualServices: Reader<VirtualService>;
  readonly #rules: HostRules;
  readonly #generated: GeneratedRoutes;

  constructor(options: OwnRoutesOptions) {
    this.#client = options.client;
    this.#virtualServices = options.virtualServices;
    this.#rules = options.rules;
    this.#generated = options.generated;
  }

  observe(context: RouteContext): Routing {
    const found = this.#found(context);
    const problem = this.#problem(context, found);
    const drift = this.#drift(context, found);
    const changedBy = found.map(({ virtualService }) => lastEditor(virtualService)).find((it) => it !== null);
    return {
      kind: "present",
      ...readOwnTraffic(found, context),
      inSync: drift === null,
      ...(drift === null ? {} : { drift }),
      ...(problem === null ? {} : { problem }),
      ...(changedBy === undefined || changedBy === null ? {} : { changedBy }),
    };
  }

  /** Never a weight or a mirror: only what we have put there, or made. */
  async ensure(context: RouteContext): Promise<void> {
    const found = this.#found(context);
    if (needsRules(context)) await this.#rules.ensure(context);
    for (const { virtualService, selection } of found) {
      await this.#patch(virtualService, trafficPatch(virtualService, selection.routes, context, null));
    }
    // What was made before the spec named VirtualServices goes when those can take over.
    if (this.#problem(context, found) !== null) return;
    await this.#generated.removeVirtualService(context);
    if (!needsRules(context)) await this.#rules.remove(context);
  }

  async setTraffic(context: RouteContext, traffic: Traffic): Promise<void> {
    if (isDeepEqual(traffic, NO_CANARY)) await this.#sendAllToPrimary(context);
    else await this.#split(context, traffic);
  }

  async remove(context: RouteContext): Promise<void> {
    await this.#sendAllToPrimary(context);
    await this.#rules.remove(context);
  }

  leftHosts(context: RouteContext): readonly string[] {
    const { primaryService, canaryService } = namesOf(context.rollout);
    const { namespace = "default" } = context.rollout.metadata;
    const hosts = this.#found(context).flatMap(({ virtualService }) => hostsOf(virtualService));
    return [primaryService, canaryService].filter((name) =>
      hosts.some((host) => isHost(host, name, namespace)),
    );
  }

  /** Every object is tried, whatever becomes of the others; what failed is told afterwards. */
  async #sendAllToPrimary(context: RouteContext): Promise<void> {
    const failures: unknown[] = [];
    for (const { virtualService, selection } of this.#found(context)) {
      const routes = [...selection.routes, ...selection.strays];
      const operations = trafficPatch(virtualService, routes, context, NO_CANARY);
      try {
        await this.#patch(virtualService, operations);
      } catch (error) {
        if (!isNotFound(error)) failures.push(error);
      }
    }
    if (failures.length > 1) {
      const conflict = failures.find(isConflict);
      if (conflict !== undefined) throw conflict;
      throw new RoutesUnwrittenError(failures.map((it) => toError(it).message).join("; "), {
        cause: failures[0],
      });
    }
    if (failures.length === 1) throw failures[0];
  }

  /** What can carry a canary; the rest is a problem that `observe` tells. */
  async #split(context: RouteContext, traffic: Traffic): Promise<void> {
    for (const { virtualService, selection } of this.#found(context)) {
      await this.#patch(virtualService, trafficPatch(virtualService, selection.routes, context, traffic));
    }
  }

  #patch(virtualService: VirtualService, operations: readonly JsonPatchOperation[]): Promise<void> {
    return patchUnderTest(this.#client, VIRTUAL_SERVICE, virtualService, operations);
  }

  #found(context: RouteContext): readonly Found[] {
    return entriesOf(context).flatMap((entry) => {
      const virtualService = this.#read(context, entry.name);
      if (virtualService === undefined) return [];
      return [{ virtualService, selection: selectRoutes(virtualService, entry, context) }];
    });
  }

  #read(context: RouteContext, name: string): VirtualService | undefined {
    return this.#virtualServices.get({ namespace: context.rollout.metadata.namespace, name });
  }

  /** The first thing that keeps a canary from having traffic, and what to do about it. */
  #problem(context: RouteContext, found: readonly Found[]): string | null {
    const { namespace = "default", name: rollout } = context.rollout.metadata;
    for (const { name } of entriesOf(context)) {
      const title = `VirtualService ${namespace}/${name}`;
      const entry = found.find(({ virtualService }) => virtualService.metadata.name === name);
      if (entry === undefined)
        return `${title} does not exist: make it, or take it out of spec.traffic.istio.virtualServices`;
      if (isMadeFor(context.rollout, entry.virtualService))
        return `${title} was made by Sluice for Rollout ${rollout} and goes with it: make one of your own under another name`;
      const feature = featureProblem(entry.selection.routes, context.spec);
      const problem = entry.selection.problem ?? (feature === null ? null : `${title}: ${feature}`);
      if (problem !== null) return problem;
    }
    return null;
  }

  #drift(context: RouteContext, found: readonly Found[]): string | null {
    const ofRules = needsRules(context) ? this.#rules.drift(context) : null;
    if (ofRules !== null) return ofRules;
    const left =
      this.#generated.leftVirtualService(context) ?? (needsRules(context) ? null : this.#rules.left(context));
    if (left !== null && this.#problem(context, found) === null)
      return `${left} was made before spec.traffic.istio.virtualServices was set`;
    const { namespace = "default" } = context.rollout.metadata;
    const changed = found.find(
      ({ virtualService, selection }) =>
        trafficPatch(virtualService, selection.routes, context, null).length > 0,
    );
    if (changed === undefined) return null;
    return `VirtualService ${namespace}/${changed.virtualService.metadata.name}: routes that Sluice has put before others no longer agree with these`;
  }
}

function hostsOf({ spec }: VirtualService): readonly string[] {
  const routes = SECTIONS.flatMap((section): readonly OpaqueRoute[] => spec?.[section] ?? []);
  return routes.flatMap(({ route = [] }) => route.map(({ destination }) => destination.host));
}

function entriesOf(context: RouteContext): readonly OwnVirtualService[] {
  return context.spec.traffic.istio.virtualServices ?? [];
}

/** Somebody who brings routes brings policies too, unless the spec says one. */
function needsRules({ spec }: RouteContext): boolean {
  return spec.traffic.istio.trafficPolicy !== undefined;
}
