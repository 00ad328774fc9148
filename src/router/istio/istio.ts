import type { Client } from "../../kube/client.ts";
import type { DestinationRule, VirtualService } from "../../kube/kind/network.ts";
import type { Reader } from "../../kube/reader.ts";
import type { RouteContext, Router, Routing, Services, Traffic } from "../router.ts";
import { ServiceSet, type ServiceSetOptions } from "../services.ts";
import { GeneratedRoutes } from "./generated-routes.ts";
import { HostRules } from "./host-rules.ts";
import { OwnRoutes } from "./own-routes.ts";
import type { Routes } from "./routes.ts";

export interface IstioRouterOptions extends ServiceSetOptions {
  readonly client: Client;
  readonly virtualServices: Reader<VirtualService>;
  readonly destinationRules: Reader<DestinationRule>;
}

/** Istio: routes of a generated VirtualService, or of the user's own, split traffic between the two sides. */
export class IstioRouter implements Router {
  readonly #services: ServiceSet;
  readonly #generated: GeneratedRoutes;
  readonly #own: OwnRoutes;

  constructor(options: IstioRouterOptions) {
    const services = new ServiceSet(options);
    const rules = new HostRules(options);
    this.#services = services;
    this.#generated = new GeneratedRoutes({ ...options, rules, ports: (context) => services.ports(context) });
    this.#own = new OwnRoutes({ ...options, rules, generated: this.#generated });
  }

  observe(context: RouteContext): { readonly routing: Routing; readonly services: Services } {
    return { routing: this.#routes(context).observe(context), services: this.#services.observe(context) };
  }

  ensureServices(context: RouteContext): Promise<void> {
    return this.#services.ensure(context);
  }

  ensureRoutes(context: RouteContext): Promise<void> {
    return this.#routes(context).ensure(context);
  }

  pinCanary(context: RouteContext, podTemplateHash: string): Promise<void> {
    return this.#services.pinCanary(context, podTemplateHash);
  }

  pointApex(context: RouteContext, side: "primary" | "target"): Promise<void> {
    return this.#services.pointApex(context, side);
  }

  setTraffic(context: RouteContext, traffic: Traffic): Promise<void> {
    return this.#routes(context).setTraffic(context, traffic);
  }

  removeRoutes(context: RouteContext): Promise<void> {
    return this.#routes(context).remove(context);
  }

  removeServices(context: RouteContext): Promise<void> {
    return this.#services.remove(context);
  }

  #routes({ spec }: RouteContext): Routes {
    return spec.traffic.istio.virtualServices === undefined ? this.#generated : this.#own;
  }
}
