import type { Rollout } from "../../api/rollout.ts";
import type { HistoryEntry, MetricStatus, RolloutStatus } from "../../api/status.ts";
import { type Strategy, strategyOf } from "../../core/steps.ts";
import type { WatchedReader } from "../../kube/cache-union.ts";
import { keyText, parseKey } from "../../kube/object.ts";
import type { Sample } from "../../telemetry/metrics-registry.ts";
import type { OwnMetrics } from "./own-metrics.ts";
import { endedRun } from "./run-recorder.ts";

interface Parts {
  readonly metrics: NonNullable<OwnMetrics["flagger"]>;
  readonly rollouts: WatchedReader<Rollout>;
  readonly leads: () => boolean;
  readonly version: string;
}

const STRATEGIES: Readonly<Record<Strategy, string>> = {
  canary: "canary",
  blueGreen: "blue-green",
  ab: "ab-testing",
};

type Counted = Sample<"name" | "namespace" | "deployment_strategy" | "analysis_status">;

/** Runs that ended, by Rollout and then by their labels. */
type Counts = Map<string, Map<string, Counted>>;

/** Says what Flagger would say of our Rollouts. */
export class FlaggerSeries {
  readonly #parts: Parts;
  readonly #successes: Counts = new Map();
  readonly #failures: Counts = new Map();

  constructor(parts: Parts) {
    this.#parts = parts;
    const { metrics, rollouts, leads, version } = parts;
    const known = () => (leads() ? rollouts.list() : []);
    metrics.info.from(() => [{ labels: { version, mesh_provider: "istio" }, value: 1 }]);
    metrics.total.from(() => totals(known()));
    metrics.status.from(() => known().map((it) => ({ labels: canaryOf(it), value: statusValue(it) })));
    metrics.weight.from(() => known().flatMap(weights));
    metrics.analysis.from(() => known().flatMap(analyses));
    metrics.successes.from(() => samples(this.#successes));
    metrics.failures.from(() => samples(this.#failures));
    rollouts.subscribe(({ key, old, new: present }) => {
      if (present === undefined && old !== undefined) this.#forget(keyText(key), old);
    });
  }

  /** A pass over this Rollout has ended. */
  passed(key: string, tookMs: number): void {
    const rollout = this.#parts.rollouts.get(parseKey(key));
    if (rollout?.status?.run === undefined) return;
    this.#parts.metrics.duration.observe(canaryOf(rollout), tookMs / 1_000);
  }

  wrote(rollout: Rollout, before: RolloutStatus | undefined, after: RolloutStatus): void {
    const ended = endedRun(before, after);
    if (ended === null || ended.result === "Superseded") return;
    const counts = ended.result === "Succeeded" ? this.#successes : this.#failures;
    const key = keyText({ namespace: rollout.metadata.namespace, name: rollout.metadata.name });
    const labels = { ...canaryOf(rollout), ...endingOf(rollout, ended) };
    const ofRollout = counts.get(key) ?? new Map<string, Counted>();
    const id = Object.values(labels).join();
    counts.set(key, ofRollout.set(id, { labels, value: (ofRollout.get(id)?.value ?? 0) + 1 }));
  }

  #forget(key: string, rollout: Rollout): void {
    this.#successes.delete(key);
    this.#failures.delete(key);
    this.#parts.metrics.duration.remove(canaryOf(rollout));
  }
}

function samples(counts: Counts): readonly Counted[] {
  return [...counts.values()].flatMap((ofRollout) => [...ofRollout.values()]);
}

function endingOf({ spec }: Rollout, { reason }: HistoryEntry) {
  return {
    deployment_strategy: STRATEGIES[strategyOf(spec)],
    analysis_status: reason === "AnalysisSkipped" ? "skipped" : "completed",
  };
}

function canaryOf({ metadata: { namespace = "", name }, spec }: Rollout) {
  // A spec that was refused may hold anything.
  return { name: spec?.targetRef?.name ?? name, namespace };
}

function totals(rollouts: readonly Rollout[]): readonly Sample<"namespace">[] {
  const counts = new Map<string, number>();
  for (const { metadata } of rollouts) {
    counts.set(metadata.namespace ?? "", (counts.get(metadata.namespace ?? "") ?? 0) + 1);
  }
  return [...counts].map(([namespace, value]) => ({ labels: { namespace }, value }));
}

function statusValue({ status }: Rollout): number {
  if (status?.phase === "Progressing") return 0;
  return status?.phase === "Failed" ? 2 : 1;
}

function weights(rollout: Rollout): readonly Sample<"workload" | "namespace">[] {
  const { name, namespace } = canaryOf(rollout);
  const canary = rollout.status?.canaryWeight ?? 0;
  return [
    { labels: { workload: `${name}-primary`, namespace }, value: 100 - canary },
    { labels: { workload: name, namespace }, value: canary },
  ];
}

/** Names that Flagger's own metrics have. */
const FLAGGER_NAMES: Readonly<Record<string, string>> = {
  "success-rate": "request-success-rate",
  latency: "request-duration",
};

function analyses(rollout: Rollout): readonly Sample<"name" | "namespace" | "metric">[] {
  return (rollout.status?.run?.evidence?.metrics ?? []).flatMap((metric) => {
    const value = canaryValue(metric);
    const labels = { ...canaryOf(rollout), metric: FLAGGER_NAMES[metric.name] ?? metric.name };
    return value === null ? [] : [{ labels, value }];
  });
}

/** `99.95 %`, `212 ms`, `17`: percent as it is, times in seconds. */
function canaryValue({ canary }: MetricStatus): number | null {
  const [, number, unit] = /^(-?[\d.,]+(?:e[-+]?\d+)?) ?(%|ms|s)?$/.exec(canary ?? "") ?? [];
  if (number === undefined) return null;
  const value = Number(number.replaceAll(",", ""));
  return unit === "ms" ? value / 1_000 : value;
}
