import type { Rollout } from "../../api/rollout.ts";
import type { RunStatus, VerdictResult } from "../../api/status.ts";
import type { Reader } from "../../kube/reader.ts";
import { parseTime } from "../../lib/time.ts";
import type { Sample } from "../../telemetry/metrics-registry.ts";
import type { OwnMetrics } from "./own-metrics.ts";

interface Parts {
  readonly rollouts: Reader<Rollout>;
  /** Only the leader knows for sure. */
  readonly leads: () => boolean;
  /** Rollouts with series of their own, at most. */
  readonly limit: number;
}

type Named = "namespace" | "name";
type Series<L extends string> = Sample<Named | L>;

const VERDICT_VALUES: Readonly<Record<VerdictResult, number>> = { pass: 1, inconclusive: 0, fail: -1 };

/** Answers for what `/metrics` says of Rollouts, from the caches and only when it is asked. */
export function showRollouts(
  metrics: OwnMetrics["own"]["rollouts"],
  { rollouts, leads, limit }: Parts,
): void {
  const known = () => (leads() ? rollouts.list() : []);
  const shown = () => limited(known(), limit);
  const duringRun = <L extends string>(samples: (run: RunStatus, rollout: Rollout) => Values<L>) => {
    return () => shown().flatMap((rollout) => ofRun(rollout, samples));
  };
  metrics.rollouts.from(() => counted(known(), ({ status }) => ({ phase: status?.phase ?? "" })));
  metrics.paused.from(() => counted(known(), ({ status }) => pauseOf(status?.run)));
  metrics.phase.from(() =>
    shown().flatMap((rollout) => {
      // A spec that was refused may hold anything.
      const target = rollout.spec?.targetRef?.name ?? "";
      const { phase } = rollout.status ?? {};
      return phase === undefined ? [] : [labelled(rollout, { target, phase }, 1)];
    }),
  );
  metrics.weight.from(duringRun((_, { status }) => [[{}, (status?.canaryWeight ?? 0) / 100]]));
  metrics.weightSeen.from(duringRun(({ split }) => (split === undefined ? [] : [[{}, split.seen / 100]])));
  metrics.step.from(duringRun(({ stage, stepIndex }) => [[{}, isBeforeSteps(stage) ? 0 : stepIndex + 1]]));
  metrics.verdict.from(
    duringRun(({ verdict }) => (verdict === undefined ? [] : [[{}, VERDICT_VALUES[verdict.result]]])),
  );
  metrics.metricVerdict.from(
    duringRun(({ evidence }) =>
      (evidence?.metrics ?? []).map(({ name, result }) => [{ metric: name }, VERDICT_VALUES[result]]),
    ),
  );
  metrics.runStarted.from(duringRun(({ startedAt }) => [[{}, seconds(startedAt)]]));
  metrics.stageStarted.from(duringRun(({ stage, stageSince }) => [[{ stage }, seconds(stageSince)]]));
  metrics.pausedSince.from(
    duringRun(({ pause }) => (pause === undefined ? [] : [[{ kind: pause.kind }, seconds(pause.since)]])),
  );
  metrics.contested.from(() =>
    shown().flatMap((rollout) => {
      const { contested } = rollout.status ?? {};
      return contested === undefined ? [] : [labelled(rollout, {}, contested.count)];
    }),
  );
  metrics.lastRun.from(() =>
    shown().flatMap((rollout) => {
      const last = rollout.status?.history?.[0];
      if (last === undefined) return [];
      const { result, reason, finishedAt } = last;
      return [labelled(rollout, { result, reason }, seconds(finishedAt))];
    }),
  );
  metrics.omitted.from(() => Math.max(0, known().length - limit));
}

type Values<L extends string> = readonly (readonly [Readonly<Record<L, string>>, number])[];

function ofRun<L extends string>(
  rollout: Rollout,
  values: (run: RunStatus, rollout: Rollout) => Values<L>,
): readonly Series<L>[] {
  const { run } = rollout.status ?? {};
  return run === undefined
    ? []
    : values(run, rollout).map(([labels, value]) => labelled(rollout, labels, value));
}

function labelled<L extends string>(
  { metadata: { namespace = "", name } }: Rollout,
  labels: Readonly<Record<L, string>>,
  value: number,
): Series<L> {
  return { labels: { namespace, name, ...labels }, value };
}

/** Those with a run first: what is left out stands still. */
function limited(rollouts: readonly Rollout[], limit: number): readonly Rollout[] {
  if (rollouts.length <= limit) return rollouts;
  const hasRun = ({ status }: Rollout) => status?.run !== undefined;
  return [...rollouts.filter(hasRun), ...rollouts.filter((rollout) => !hasRun(rollout))].slice(0, limit);
}

/** One series for each value of the label, with the number of Rollouts that have it. */
function counted<L extends string>(
  rollouts: readonly Rollout[],
  labelsOf: (rollout: Rollout) => Readonly<Record<L, string>> | null,
): readonly Sample<L>[] {
  const found = new Map<string, Sample<L>>();
  for (const rollout of rollouts) {
    const labels = labelsOf(rollout);
    if (labels === null) continue;
    const key = Object.values(labels).join();
    found.set(key, { labels, value: (found.get(key)?.value ?? 0) + 1 });
  }
  return [...found.values()];
}

function pauseOf(run: RunStatus | undefined): { readonly kind: string } | null {
  return run?.pause === undefined ? null : { kind: run.pause.kind };
}

function isBeforeSteps(stage: RunStatus["stage"]): boolean {
  return stage === "Confirming" || stage === "Starting" || stage === "Shadow";
}

function seconds(time: string): number {
  return parseTime(time) / 1_000;
}
