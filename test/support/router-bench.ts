import type { Rollout } from "../../src/api/rollout.ts";
import type { RolloutStatus } from "../../src/api/status.ts";
import type { RouteContext, Router, Routing, Services, Traffic } from "../../src/router/router.ts";
import { AdapterWorld } from "./adapter-world.ts";
import { POD_FACTS } from "./rollout-objects.ts";

export const NONE: Traffic = { canaryWeight: 0, shadowPercent: 0, reserved: false };

/** A router on the embedded cluster, and the Rollout `default/checkout` that it routes for. */
export class RouterBench {
  readonly world: AdapterWorld;
  readonly router: Router;
  context: RouteContext;

  private constructor(world: AdapterWorld, router: Router, context: RouteContext) {
    this.world = world;
    this.router = router;
    this.context = context;
  }

  /** `prepare` makes what the user has before there is a Rollout. */
  static async create(
    makeRouter: (world: AdapterWorld) => Router,
    options: {
      readonly spec?: Record<string, unknown>;
      readonly prepare?: (world: AdapterWorld) => Promise<unknown>;
      readonly podLabels?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<RouterBench> {
    const world = await new AdapterWorld().start();
    await options.prepare?.(world);
    const rollout = await world.rollout(options.spec);
    return new RouterBench(world, makeRouter(world), contextOf(rollout, options.podLabels));
  }

  stop(): Promise<void> {
    return this.world.stop();
  }

  routing(): Routing {
    return this.router.observe(this.context).routing;
  }

  services(): Services {
    return this.router.observe(this.context).services;
  }

  /** Services and routes as at the end of initialising; nothing of it counts as written. */
  async install(traffic: Traffic = NONE): Promise<void> {
    await this.do((router, context) => router.ensureServices(context));
    await this.do((router, context) => router.ensureRoutes(context));
    await this.set(traffic);
    await this.world.advance();
    this.world.writes();
  }

  async set(traffic: Partial<Traffic>): Promise<void> {
    await this.do((router, context) => router.setTraffic(context, { ...NONE, ...traffic }));
  }

  /** Calls the router and waits for it, letting time pass as it needs. */
  do(call: (router: Router, context: RouteContext) => Promise<void>): Promise<void> {
    return this.world.settled(call(this.router, this.context));
  }

  /** As if a run were under way. */
  beginRun(revision = "6d5f8c"): void {
    const run = { id: 7, revision, spec: this.context.spec } as NonNullable<RolloutStatus["run"]>;
    this.#setStatus({ phase: "Progressing", canaryWeight: 0, run });
  }

  endRun(): void {
    this.#setStatus({ phase: "Succeeded", canaryWeight: 0 });
  }

  #setStatus(status: RolloutStatus): void {
    this.context = { ...this.context, rollout: { ...this.context.rollout, status } };
  }
}

export function contextOf(
  rollout: Rollout,
  labels: Readonly<Record<string, string>> = { app: "checkout" },
): RouteContext {
  return {
    rollout,
    spec: rollout.spec,
    selectors: { target: { app: "checkout" }, primary: { app: "checkout-primary" } },
    pods: { ...POD_FACTS, labels },
  };
}
