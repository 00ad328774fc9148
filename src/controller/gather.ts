import type { EvidenceRow } from "../api/evidence.ts";
import { namesOf } from "../api/names.ts";
import { NO_POD_FACTS } from "../api/pod-facts.ts";
import type { PreflightReport } from "../api/preflight.ts";
import type { Rollout } from "../api/rollout.ts";
import { sharedProblem } from "../api/shared.ts";
import type { RolloutSpec } from "../api/spec.ts";
import type { SpecProblem } from "../api/validate.ts";
import type { Ask } from "../core/ask.ts";
import type { Observation, Snapshot } from "../core/snapshot.ts";
import { keyOf, keyText, type ObjectKey } from "../kube/object.ts";
import type { Reader } from "../kube/reader.ts";
import type { Clock } from "../lib/clock.ts";
import { isoTime } from "../lib/time.ts";
import type { MetricsSource } from "../metrics/metrics.ts";
import type { Notifier } from "../notify/notify.ts";
import type { Inspector } from "../preflight/inspector.ts";
import type { RouteContext, Router, ServiceState } from "../router/router.ts";
import type { Workload, Workloads } from "../workload/workload.ts";
import { evidenceQueryOf } from "./evidence-query.ts";
import type { Memory } from "./memories.ts";
import { readCommands } from "./read-commands.ts";
import { NO_TRACE, type Trace, type Work } from "./run-trace.ts";
import { SpecReader } from "./spec-reader.ts";

/** Index of the Rollout cache: `namespace/target`. */
export const BY_TARGET = "target";

/** Index of the Rollout cache: `namespace/apex service`. */
export const BY_SERVICE = "service";

/** What the shell needs besides the decision: the objects that actions are carried out on. */
export interface Scene {
  readonly snapshot: Snapshot;
  /** With the spec in force: the run's while one is under way. */
  readonly inForce: Rollout;
  readonly routes: RouteContext;
}

interface Parts {
  readonly clock: Clock;
  readonly rollouts: Reader<Rollout>;
  readonly workload: Workload;
  readonly router: Router;
  readonly metrics: MetricsSource;
  readonly notifier: Pick<Notifier, "threads">;
  readonly inspector: Pick<Inspector, "report">;
  readonly trace?: Trace | undefined;
}

/** What this process remembers of a run. */
type Remembered = Memory & Pick<Snapshot, "gates" | "isDrainKnown" | "areWritesKnown" | "trouble">;

/** Reads everything that a decision depends on: caches at once, evidence on request. */
export class Gatherer {
  readonly #parts: Parts;
  readonly #specs = new SpecReader();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The world as the caches have it; null when there is no such Rollout. */
  scene(key: ObjectKey, memoryOf: (runId: number | undefined) => Remembered): Scene | null {
    const stored = this.#parts.rollouts.get(key);
    if (stored === undefined) {
      this.#specs.forget(keyText(key));
      return null;
    }
    const { rollout, problems, isObserved } = this.#read(stored);
    const inForce = { ...rollout, spec: rollout.status?.run?.spec ?? rollout.spec };
    const workloads = isObserved ? this.#parts.workload.observe(inForce) : NOTHING;
    const routes = routeContext(inForce, workloads);
    const routing = isObserved ? this.#parts.router.observe(routes) : UNROUTED;
    const snapshot: Snapshot = {
      nowMs: this.#parts.clock.now(),
      rollout,
      specProblems: problems,
      commands: readCommands(stored),
      isObserved,
      target: workloads.target,
      targetProblem: workloads.problem,
      primary: workloads.primary,
      routing: routing.routing,
      services: routing.services,
      threads: threadsOf(rollout, this.#parts.notifier),
      preflight: rollout.status?.run?.stage === "Starting" ? this.#preflight(rollout, inForce) : null,
      ...memoryOf(rollout.status?.run?.id),
    };
    return { snapshot, inForce, routes };
  }

  /** Answers what core asked for. Never rejects: a source that fails is an observation too. */
  async observe(scene: Scene, asks: readonly Ask[], signal: AbortSignal): Promise<readonly Observation[]> {
    const { metrics, trace = NO_TRACE } = this.#parts;
    const { rollout } = scene.snapshot;
    return Promise.all(
      asks.map(async (ask) => ({
        kind: "evidence" as const,
        intervalMs: ask.intervalMs,
        rows: await trace.during(rollout, rollout.status?.run, EVIDENCE, () =>
          metrics.fetch(evidenceQueryOf(scene.inForce, ask), signal),
        ),
      })),
    );
  }

  /** What is to be ignored is read live, whatever spec the run follows. */
  #preflight({ spec }: Rollout, inForce: Rollout): PreflightReport {
    // A spec that cannot be read, and one that a run has kept from an older version, may not have it.
    const { ignore } = (spec as Partial<RolloutSpec>).preflight ?? { ignore: [] };
    return this.#parts.inspector.report(inForce, ignore);
  }

  /**
   * A spec that is refused leaves a run under way with the one it began with, and what serves with the parts of it that
   * serving depends on.
   */
  #read(stored: Rollout): ReadRollout {
    const run = stored.status?.run;
    const reading = this.#specs.read(keyText(keyOf(stored)), stored);
    const serving = reading.ok ? reading.spec : reading.serving;
    const shared = this.#shared(stored, serving);
    const isObserved = run !== undefined || (serving !== null && shared === null);
    if (reading.ok) {
      const problems = shared === null ? [] : [shared];
      return { rollout: { ...stored, spec: reading.spec }, problems, isObserved };
    }
    const suspend = (stored.spec as Partial<RolloutSpec> | undefined)?.suspend === true;
    const spec = { ...(run?.spec ?? withServing(stored.spec, serving)), suspend };
    return { rollout: { ...stored, spec }, problems: reading.problems, isObserved };
  }

  #shared(stored: Rollout, spec: RolloutSpec | null): SpecProblem | null {
    if (spec === null) return null;
    const { rollouts } = this.#parts;
    const { namespace = "" } = stored.metadata;
    const { target, apexService } = namesOf({ ...stored, spec });
    return sharedProblem(stored, spec, {
      ofTarget: rollouts.by(BY_TARGET, `${namespace}/${target}`),
      ofService: rollouts.by(BY_SERVICE, `${namespace}/${apexService}`),
    });
  }
}

interface ReadRollout {
  readonly rollout: Rollout;
  readonly problems: readonly SpecProblem[];
  /** What it is about can be read, and is no other Rollout's. */
  readonly isObserved: boolean;
}

/** What a refused spec says, where it is not about serving, may be wrong in any way: nobody may act on it. */
function withServing(stored: RolloutSpec, serving: RolloutSpec | null): RolloutSpec {
  if (serving === null) return stored;
  const { targetRef, service, traffic } = serving;
  return { ...serving, ...stored, targetRef, service, traffic };
}

function routeContext(rollout: Rollout, workloads: Workloads): RouteContext {
  return {
    rollout,
    spec: rollout.spec,
    selectors: workloads.selectors ?? { target: {}, primary: {} },
    pods: workloads.pods,
  };
}

function threadsOf(rollout: Rollout, notifier: Pick<Notifier, "threads">): Snapshot["threads"] {
  const { run } = rollout.status ?? {};
  return run === undefined ? {} : notifier.threads(rollout, run.id);
}

const EVIDENCE: Work<readonly EvidenceRow[]> = {
  name: "evidence",
  kind: "client",
  told: (rows) => {
    const last = rows.at(-1);
    const error = rows.find((row) => row.error !== undefined)?.error;
    return {
      "sluice.rows": rows.length,
      ...(last === undefined ? {} : { "sluice.through": isoTime(last.endMs) }),
      ...(error === undefined ? {} : { "sluice.error": error }),
    };
  },
};

const NOTHING: Workloads = {
  target: null,
  primary: null,
  selectors: null,
  problem: null,
  pods: NO_POD_FACTS,
};

const NO_SERVICE: ServiceState = {
  exists: false,
  pinnedHash: null,
  selects: "nothing",
  readyEndpoints: 0,
  inSync: true,
};

const UNROUTED = {
  routing: { kind: "missing" },
  services: { apex: NO_SERVICE, primary: NO_SERVICE, canary: NO_SERVICE },
} as const;
