import type { Client } from "../../kube/client.ts";
import type { DestinationRule, VirtualService } from "../../kube/kind/network.ts";
import type { Reader } from "../../kube/reader.ts";
import type { Backends } from "../backends.ts";
import type { RouteContext, Router, Routing, Services, Traffic } from "../router.ts";
import { ServiceSet, type ServiceSetOptions } from "../services.ts";
import { GeneratedRoutes } from "./generated-routes.ts";
import { HostRules } from "./host-rules.ts";
import { OwnRoutes } from "./own-routes.ts";
import type { Routes } from "./routes.ts";
import { Subsets } from "./subsets.ts";

export interface IstioRouterOptions extends ServiceSetOptions {
  readonly client: Client;
  readonly virtualServices: Reader<VirtualService>;
  readonly destinationRules: Reader<DestinationRule>;
}

/**
 * Istio. Routes of a generated VirtualService, or of the user's own, split traffic between the two sides; these are two
 * Services, or two subsets of one. All four combinations are one router.
 */
export class IstioRouter implements Router {
  readonly #services: ServiceSet;
  readonly #subsets: Subsets;
  readonly #generated: GeneratedRoutes;
  readonly #own: OwnRoutes;

  constructor(options: IstioRouterOptions) {
    const rules = new HostRules(options);
    const ports = (context: RouteContext) => this.#backends(context).ports(context);
    this.#services = new ServiceSet(options);
    this.#subsets = new Subsets(options);
    this.#generated = new GeneratedRoutes({ ...options, rules, ports });
    this.#own = new OwnRoutes({ ...options, rules, generated: this.#generated });
  }

  observe(context: RouteContext): { readonly routing: Routing; readonly services: Services } {
    const backends = this.#backends(context);
    const routing = this.#routes(context).observe(context);
    const problem = backends.problem(context);
    return {
      routing: problem === null ? routing : { ...routing, problem },
      services: backends.observe(context),
    };
  }

  ensureServices(context: RouteContext): Promise<void> {
    return this.#backends(context).ensure(context);
  }

  ensureRoutes(context: RouteContext): Promise<void> {
    return this.#routes(context).ensure(context);
  }

  pinCanary(context: RouteContext, podTemplateHash: string): Promise<void> {
    return this.#backends(context).pinCanary(context, podTemplateHash);
  }

  pointApex(context: RouteContext, side: "primary" | "target"): Promise<void> {
    return this.#backends(context).pointApex(context, side);
  }

  setTraffic(context: RouteContext, traffic: Traffic): Promise<void> {
    return this.#routes(context).setTraffic(context, traffic);
  }

  async removeRoutes(context: RouteContext): Promise<void> {
    const routes = this.#routes(context);
    await routes.remove(context);
    await this.#backends(context).giveAway(context, routes.leftHosts(context));
  }

  removeServices(context: RouteContext): Promise<void> {
    return this.#backends(context).remove(context);
  }

  #routes({ spec }: RouteContext): Routes {
    return spec.traffic.istio.virtualServices === undefined ? this.#generated : this.#own;
  }

  #backends({ spec }: RouteContext): Backends {
    return spec.traffic.istio.destinationRule === undefined ? this.#services : this.#subsets;
  }
}
