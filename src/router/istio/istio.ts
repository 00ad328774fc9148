import type { RouteContext, Router, Routing, Services, Traffic } from "../router.ts";
import { ServiceSet, type ServiceSetOptions } from "../services.ts";
import { GeneratedRoutes, type GeneratedRoutesOptions } from "./generated-routes.ts";
import type { Routes } from "./routes.ts";

export type IstioRouterOptions = ServiceSetOptions & Omit<GeneratedRoutesOptions, "ports">;

/** Istio by hosts: a generated VirtualService splits the apex host between the primary and the canary Service. */
export class IstioRouter implements Router {
  readonly #services: ServiceSet;
  readonly #routes: Routes;

  constructor(options: IstioRouterOptions) {
    const services = new ServiceSet(options);
    this.#services = services;
    this.#routes = new GeneratedRoutes({ ...options, ports: (context) => services.ports(context) });
  }

  observe(context: RouteContext): { readonly routing: Routing; readonly services: Services } {
    return { routing: this.#routes.observe(context), services: this.#services.observe(context) };
  }

  ensureServices(context: RouteContext): Promise<void> {
    return this.#services.ensure(context);
  }

  ensureRoutes(context: RouteContext): Promise<void> {
    return this.#routes.ensure(context);
  }

  pinCanary(context: RouteContext, podTemplateHash: string): Promise<void> {
    return this.#services.pinCanary(context, podTemplateHash);
  }

  pointApex(context: RouteContext, side: "primary" | "target"): Promise<void> {
    return this.#services.pointApex(context, side);
  }

  setTraffic(context: RouteContext, traffic: Traffic): Promise<void> {
    return this.#routes.setTraffic(context, traffic);
  }

  removeRoutes(context: RouteContext): Promise<void> {
    return this.#routes.remove(context);
  }

  removeServices(context: RouteContext): Promise<void> {
    return this.#services.remove(context);
  }
}
