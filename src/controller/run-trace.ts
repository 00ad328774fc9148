import type { Rollout } from "../api/rollout.ts";
import type { HistoryEntry, RolloutStatus, RunStatus } from "../api/status.ts";
import type { Clock } from "../lib/clock.ts";
import { toError } from "../lib/errors.ts";
import { parseTime } from "../lib/time.ts";
import { type Span, type SpanSink, spanIdOf, traceIdOf } from "../telemetry/spans.ts";

export interface RunTraceOptions {
  readonly clock: Clock;
  readonly sink: SpanSink;
  /** Names this process, and no other that ever was. */
  readonly instance: string;
}

/** What a span may say about itself. */
type Attributes = Span["attributes"];

/** A piece of work that belongs to where a run stands. */
export interface Work<T> {
  readonly name: string;
  readonly kind: Span["kind"];
  /** What is told of the result. */
  readonly told?: (result: T) => Attributes;
}

/** Tells the trace of each run; without one nothing is told. */
export interface Trace {
  /** Does the work, as a span of the stage of `run`; of a Rollout without a run it is no span. */
  during<T>(
    rollout: Pick<Rollout, "metadata">,
    run: RunStatus | undefined,
    work: Work<T>,
    perform: () => Promise<T>,
  ): Promise<T>;
  /** The status has changed: a stage, and perhaps the run, has ended. */
  moved(rollout: Pick<Rollout, "metadata">, before: RolloutStatus | undefined, after: RolloutStatus): void;
}

export const NO_TRACE: Trace = { during: (_rollout, _run, _work, perform) => perform(), moved: () => {} };

/**
 * One trace a run: the run is the root, below it its stages and steps, below those queries, writes and webhooks. Ids
 * and times of the upper two come from the status, so whichever process sees a stage end can tell of it, and spans that
 * another process has told have the same parents. Nothing is remembered.
 */
export class RunTrace implements Trace {
  readonly #options: RunTraceOptions;
  #count = 0;

  constructor(options: RunTraceOptions) {
    this.#options = options;
  }

  async during<T>(
    rollout: Pick<Rollout, "metadata">,
    run: RunStatus | undefined,
    { name, kind, told }: Work<T>,
    perform: () => Promise<T>,
  ): Promise<T> {
    if (run === undefined) return perform();
    const startMs = this.#options.clock.now();
    try {
      const result = await perform();
      this.#piece(rollout, run, { name, kind, startMs, attributes: told?.(result) ?? {} });
      return result;
    } catch (thrown) {
      this.#piece(rollout, run, { name, kind, startMs, attributes: {}, error: toError(thrown).message });
      throw thrown;
    }
  }

  moved(...[rollout, before, after]: Parameters<Trace["moved"]>): void {
    const run = before?.run;
    if (run === undefined) return;
    const isOver = after.run?.id !== run.id;
    if (!isOver && placeOf(run) === placeOf(after.run ?? run)) return;
    const traceId = traceOf(rollout, run);
    const endMs = this.#options.clock.now();
    this.#options.sink.emit({
      traceId,
      spanId: spanIdOf(traceId, placeOf(run)),
      parentId: spanIdOf(traceId, ROOT),
      name: stageName(run),
      kind: "internal",
      startMs: Math.min(stageStartMs(run), endMs),
      endMs,
      attributes: stageAttributes(run),
    });
    if (isOver) this.#root(rollout, run, { after, endMs });
  }

  #root(
    rollout: Pick<Rollout, "metadata">,
    run: RunStatus,
    { after, endMs }: { readonly after: RolloutStatus; readonly endMs: number },
  ): void {
    const traceId = traceOf(rollout, run);
    const entry = after.history?.find(({ id }) => id === run.id);
    this.#options.sink.emit({
      traceId,
      spanId: spanIdOf(traceId, ROOT),
      name: `release ${run.images.join(", ")}`,
      kind: "internal",
      startMs: Math.min(parseTime(run.startedAt), endMs),
      endMs,
      attributes: { ...runAttributes(rollout, run), ...outcomeAttributes(entry) },
      ...(entry?.result === "Failed" ? { error: `${entry.reason}: ${entry.message}` } : {}),
    });
  }

  #piece(
    rollout: Pick<Rollout, "metadata">,
    run: RunStatus,
    piece: Pick<Span, "name" | "kind" | "startMs" | "attributes" | "error">,
  ): void {
    const { clock, sink, instance } = this.#options;
    const traceId = traceOf(rollout, run);
    this.#count += 1;
    sink.emit({
      traceId,
      spanId: spanIdOf(traceId, `${instance}/${this.#count}`),
      parentId: spanIdOf(traceId, placeOf(run)),
      endMs: clock.now(),
      ...piece,
    });
  }
}

const ROOT = "run";

function traceOf({ metadata }: Pick<Rollout, "metadata">, run: RunStatus): string {
  return traceIdOf(metadata.uid ?? "", run.id);
}

/** A stage, or one step of it; a run that lost its pods stands in Starting more than once. */
function placeOf({ stage, stepIndex, restarts = 0 }: RunStatus): string {
  return `${stage}/${stage === "Step" ? stepIndex : 0}/${restarts}`;
}

function stageName({ stage, stepIndex, steps, weight }: RunStatus): string {
  return stage === "Step" ? `Step ${stepIndex + 1}/${steps} at ${weight} %` : stage;
}

/** `stageSince` is set anew by a resume; where a step began stands in its position. */
function stageStartMs({ stage, stageSince, positions }: RunStatus): number {
  const position = stage === "Step" || stage === "Shadow" ? positions.at(-1) : undefined;
  return parseTime(position?.since ?? stageSince);
}

function stageAttributes(run: RunStatus): Attributes {
  return {
    "sluice.stage": run.stage,
    "sluice.weight": run.weight,
    ...(run.stage === "Step" ? { "sluice.step": run.stepIndex + 1 } : {}),
    ...(run.verdict === undefined
      ? {}
      : { "sluice.verdict": run.verdict.result, "sluice.verdict.reason": run.verdict.reason }),
  };
}

function runAttributes({ metadata }: Pick<Rollout, "metadata">, run: RunStatus): Attributes {
  return {
    "k8s.namespace.name": metadata.namespace ?? "",
    "sluice.rollout": metadata.name,
    "sluice.run": run.id,
    "sluice.revision": run.revision,
    "sluice.images": run.images.join(","),
    "sluice.weight.max": run.maxWeight,
  };
}

function outcomeAttributes(entry: HistoryEntry | undefined): Attributes {
  if (entry === undefined) return {};
  return {
    "sluice.result": entry.result,
    "sluice.reason": entry.reason,
    "sluice.message": entry.message,
  };
}
