import type { Config } from "../config/config.ts";
import { RolloutController } from "../controller/controller.ts";
import { Executor } from "../controller/execute.ts";
import { Gatherer } from "../controller/gather.ts";
import { Pass } from "../controller/pass.ts";
import { NO_TRACE, RunTrace, type Trace } from "../controller/run-trace.ts";
import type { CoreSettings } from "../core/snapshot.ts";
import { CacheSet } from "../kube/cache-set.ts";
import { keyText, parseKey } from "../kube/object.ts";
import type { QueueVitals } from "../kube/work-queue.ts";
import { within } from "../lib/clock.ts";
import { IstioRouter } from "../router/istio/istio.ts";
import { DeploymentWorkload } from "../workload/deployment/deployment.ts";
import { makeCaches, WRITTEN } from "./caches.ts";
import type { ControllerParts } from "./controller-parts.ts";
import { type ControllerState, controllerState } from "./controller-state.ts";
import { Events } from "./events.ts";
import { createGates } from "./gates.ts";
import { createInspector } from "./inspector.ts";
import { createLeadership, type LeadershipState } from "./leadership.ts";
import { createMetricsSource } from "./metrics-source.ts";
import { createNotifier } from "./notifications.ts";
import { showLive } from "./own-metrics/live-series.ts";
import { queueObserver, restartSink } from "./own-metrics/observers.ts";
import { passRecorder } from "./own-metrics/pass-recorder.ts";
import { showRollouts } from "./own-metrics/rollout-series.ts";
import { settled } from "./settled.ts";

export interface Controller {
  /** Resolves when the caches have synced and work has begun. */
  start(): Promise<void>;
  /** Ends passes under way, gives the Lease back, sends what is queued, closes watches; takes at most about `graceMs`. */
  stop(graceMs: number): Promise<void>;
  /** The caches have synced: this process works, or stands by while another leads. */
  isWorking(): boolean;
  /** Sentences about what cannot be watched at present; empty when all is well. */
  problems(): readonly string[];
  /** Who may write. */
  leadership(): LeadershipState;
  /** Signs of life. */
  vitals(): QueueVitals;
  /** For support: caches, queue, and what is known of every Rollout, or of the one that `rollout` (`namespace/name`) names. */
  state(rollout?: string): ControllerState;
}

/** Passes may take two shares of the grace, and the Lease, what is queued and the watches one each. */
const STOP_SHARES = 5;

/** The controller's parts, put together. */
export function createController(parts: ControllerParts): Controller {
  const { config, clock, random, logger } = parts;
  const { own } = parts.metrics;
  const leadership = createLeadership(parts, {
    catchUp: () => set.renew(WRITTEN),
    lead: () => controller.lead(),
  });
  const onRestart = restartSink(own.api);
  const set = new CacheSet({ client: leadership.client, clock, random, logger, onRestart });
  const caches = makeCaches(set, config.namespaces, config.meshRootNamespace);
  const { rollouts } = caches;
  const inspector = createInspector(caches, config);

  const workload = new DeploymentWorkload({ client: set.client, ...caches });
  const router = new IstioRouter({ client: set.client, ...caches });
  const source = createMetricsSource(parts);
  const events = new Events(parts, ({ metadata: { namespace }, spec }) =>
    caches.deployments.get({ namespace, name: spec?.targetRef?.name ?? "" }),
  );
  const notifier = createNotifier(parts, {
    events,
    onThread: (subject) => controller.wake(keyText(subject), false),
  });
  const trace = createTrace(parts);
  const wake = (key: string, isUrgent: boolean) => controller.wake(key, isUrgent);
  const gates = createGates(parts, events, { wake, trace });
  const passes = passRecorder(parts, rollouts, leadership.mayWrite);
  const shared = { workload, router, trace };
  const pass = new Pass({
    gatherer: new Gatherer({ ...shared, clock, rollouts, metrics: source, notifier, inspector }),
    executor: new Executor({ ...shared, client: set.client }),
    gates: gates.desk,
    events: gates.events,
    notifier,
    settings: coreSettings(config),
    settle: (key) => settled({ clock, doubts: set.doubts, caches }, parseKey(key)),
    logger,
    trace,
    observer: passes,
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
    isInDoubt: leadership.isInDoubt,
    observer: queueObserver(own.queue, passes.passed),
  });
  const leads = leadership.mayWrite;
  showRollouts(own.rollouts, { rollouts, leads, limit: config.rolloutSeries });
  showLive(own, { controller, notifier, gates, watches: set, leads });

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
    stop: async (graceMs) => {
      const shareMs = graceMs / STOP_SHARES;
      await controller.stop(shareMs);
      gates.desk.clear();
      await within(clock, shareMs, leadership.stop());
      await Promise.all([notifier.drain(shareMs), gates.hooks.drain(shareMs), events.drain(shareMs)]);
      await within(clock, shareMs, set.stop());
    },
    problems: () => [...set.problems(), ...[leadership.state().problem].filter((it) => it !== null)],
    leadership: () => leadership.state(),
    vitals: () => controller.queue.vitals,
    state: (rollout) => controllerState({ clock, set, leadership, controller, pass, rollouts }, rollout),
  };
}

function createTrace({ spans, clock, instance }: ControllerParts): Trace {
  return spans === undefined ? NO_TRACE : new RunTrace({ clock, sink: spans, instance });
}

function coreSettings(config: Config): CoreSettings {
  return {
    drainMs: config.drain,
    drainMaxMs: config.drainMax,
    settleMs: config.settle,
    splitWaitMs: config.splitWait,
    statusRefreshMs: config.statusRefresh,
  };
}
