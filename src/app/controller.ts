import { RolloutController } from "../controller/controller.ts";
import { Executor } from "../controller/execute.ts";
import { Gatherer } from "../controller/gather.ts";
import { Pass } from "../controller/pass.ts";
import { CacheSet } from "../kube/cache-set.ts";
import { keyText } from "../kube/object.ts";
import { within } from "../lib/clock.ts";
import { IstioRouter } from "../router/istio/istio.ts";
import type { MetricsRegistry } from "../telemetry/metrics-registry.ts";
import { DeploymentWorkload } from "../workload/deployment/deployment.ts";
import { makeCaches } from "./caches.ts";
import type { ControllerParts } from "./controller-parts.ts";
import { Events } from "./events.ts";
import { createGates } from "./gates.ts";
import { createLeadership } from "./leadership.ts";
import { createMetricsSource } from "./metrics-source.ts";
import { addNotificationMetrics, DeliveryCounts } from "./notification-metrics.ts";
import { createNotifier } from "./notifications.ts";
import { addRolloutMetrics } from "./rollout-metrics.ts";

export interface Controller {
  /** Resolves when the caches have synced and work has begun. */
  start(): Promise<void>;
  /** Ends passes under way, gives the Lease back, sends what is queued, closes watches; takes at most about `graceMs`. */
  stop(graceMs: number): Promise<void>;
  /** The caches have synced: this process works, or stands by while another leads. */
  isWorking(): boolean;
  /** Adds the controller's own metrics to a page. */
  addMetrics(registry: MetricsRegistry): void;
  /** Sentences about what cannot be watched at present; empty when all is well. */
  problems(): readonly string[];
}

/** Passes may take two shares of the grace, and the Lease, what is queued and the watches one each. */
const STOP_SHARES = 5;

/** The controller's parts, put together. */
export function createController(parts: ControllerParts): Controller {
  const { config, clock, random, logger } = parts;
  const leadership = createLeadership(parts, () => controller.lead());
  const set = new CacheSet({ client: leadership.client, clock, random, logger });
  const caches = makeCaches(set, config.namespaces);

  const workload = new DeploymentWorkload({ client: set.client, ...caches });
  const router = new IstioRouter({ client: set.client, ...caches });
  const metrics = createMetricsSource(parts);
  const events = new Events(parts, ({ metadata: { namespace }, spec }) =>
    caches.deployments.get({ namespace, name: spec?.targetRef?.name ?? "" }),
  );
  const deliveries = new DeliveryCounts();
  const notifier = createNotifier(parts, {
    events,
    onThread: (subject) => controller.wake(keyText(subject), false),
    onOutcome: (kind, outcome) => deliveries.add(kind, outcome),
  });
  const gates = createGates(parts, events, (key, isUrgent) => controller.wake(key, isUrgent));
  const pass = new Pass({
    gatherer: new Gatherer({ clock, rollouts: caches.rollouts, workload, router, metrics, notifier }),
    executor: new Executor({ client: set.client, workload, router }),
    gates: gates.desk,
    events: gates.events,
    notifier,
    settings: {
      drainMs: config.drain,
      drainMaxMs: config.drainMax,
      splitWaitMs: config.splitWait,
      statusRefreshMs: config.statusRefresh,
    },
    logger,
  });
  const controller = new RolloutController({
    clock,
    random,
    logger,
    watched: caches,
    pass,
    events: gates.events,
    workers: config.workers,
    mayWrite: leadership.mayWrite,
  });

  let isWorking = false;
  return {
    start: async () => {
      set.start();
      await set.synced();
      controller.start();
      leadership.start();
      isWorking = true;
    },
    isWorking: () => isWorking,
    addMetrics: (registry) => {
      addRolloutMetrics(registry, caches.rollouts);
      addProcessGauges(registry, {
        queueDepth: () => controller.queueDepth,
        queriesSent: () => metrics.queriesSent,
        leads: () => (leadership.mayWrite() ? 1 : 0),
      });
      addNotificationMetrics(registry, deliveries, () => notifier.pending);
      gates.counts.addTo(registry, { kept: () => gates.desk.size, events: () => gates.hooks.counts });
    },
    stop: async (graceMs) => {
      const shareMs = graceMs / STOP_SHARES;
      await controller.stop(shareMs);
      gates.desk.clear();
      await within(clock, shareMs, leadership.stop());
      await Promise.all([notifier.drain(shareMs), gates.hooks.drain(shareMs), events.drain(shareMs)]);
      await within(clock, shareMs, set.stop());
    },
    problems: () => set.problems(),
  };
}

function addProcessGauges(
  registry: MetricsRegistry,
  read: Readonly<Record<"queueDepth" | "queriesSent" | "leads", () => number>>,
): void {
  registry.gaugeOf({ name: "sluice_queue_depth", help: "Rollouts that wait for a worker." }, read.queueDepth);
  registry.gaugeOf(
    { name: "sluice_prometheus_queries", help: "Queries sent to Prometheus since the start." },
    read.queriesSent,
  );
  registry.gaugeOf({ name: "sluice_leader", help: "1 while this process may write, else 0." }, read.leads);
}
