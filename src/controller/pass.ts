import { isUnanswered } from "../api/evidence.ts";
import type { Rollout } from "../api/rollout.ts";
import type { RolloutStatus } from "../api/status.ts";
import { ask } from "../core/ask.ts";
import { decide } from "../core/decide.ts";
import type { Decision, EventDraft } from "../core/decision.ts";
import { askGates } from "../core/gates.ts";
import { isLowering } from "../core/lowering.ts";
import type { CoreSettings, Observation } from "../core/snapshot.ts";
import { troubleDeadline, troubledStatus } from "../core/trouble.ts";
import { isConflict } from "../kube/api-error.ts";
import { parseKey } from "../kube/object.ts";
import type { Turn } from "../kube/work-queue.ts";
import { toError } from "../lib/errors.ts";
import type { Notifier } from "../notify/notify.ts";
import type { Logger } from "../telemetry/logger.ts";
import { type Decided, DecisionLog } from "./decision-log.ts";
import { type Executor, isInterruption, PassInterrupted } from "./execute.ts";
import type { GateDesk } from "./gate-desk.ts";
import type { Gatherer, Scene } from "./gather.ts";
import { KnownDrains } from "./known-drains.ts";
import { Memories } from "./memories.ts";
import type { Trace } from "./run-trace.ts";
import { Troubles } from "./troubles.ts";
import { type Attempt, Untold } from "./untold.ts";
import { WritesUnderWay } from "./writes-under-way.ts";

/** Where Kubernetes events go; never throws. */
export interface EventSink {
  post(rollout: Rollout, event: EventDraft): void;
}

/** For metrics. Called synchronously; must not throw. */
export interface PassObserver {
  /** New evidence was judged, or none could be had. */
  judged?(status: RolloutStatus): void;
  /** Weight 0 was written because evidence has made a verdict fail: of intervals up to `evidenceEndMs`. */
  loweredOnEvidence?(evidenceEndMs: number): void;
  /** A status was written; exactly once for each, also when its answer was lost on the way. */
  wrote?(rollout: Rollout, before: RolloutStatus | undefined, after: RolloutStatus): void;
}

/** What was to take requests from the canary is tried again after so long at most. */
const URGENT_RETRY_MS = 5_000;

/** What could not be read after a write without an answer is tried again after so long. */
const DOUBT_RETRY_MS = 5_000;

/** Nothing is tried again sooner because of a deadline. */
const LEAST_RETRY_MS = 1_000;

export interface PassParts {
  readonly gatherer: Gatherer;
  readonly executor: Executor;
  readonly gates: GateDesk;
  readonly events: EventSink;
  readonly notifier: Notifier;
  readonly settings: CoreSettings;
  readonly logger: Logger;
  /**
   * Reads again what writes without an answer may have changed of a Rollout's objects; null: there is nothing of that kind.
   * Resolves, soon, to whether all is known.
   */
  readonly settle?: (key: string) => Promise<boolean> | null;
  readonly observer?: PassObserver | undefined;
  readonly trace?: Trace | undefined;
}

/** What one pass over a Rollout came to. */
export interface PassResult {
  /** Something was written: the next pass follows at once. */
  readonly changed: boolean;
  readonly requeueAfterMs: number | null;
}

/** Gather, ask, observe, decide, execute: once, for one Rollout. */
export class Pass {
  readonly #parts: PassParts;
  readonly #memories = new Memories();
  readonly #drains = new KnownDrains();
  readonly #underWay = new WritesUnderWay();
  readonly #untold = new Untold();
  readonly #troubles = new Troubles();
  /** Verdicts that have failed while weight 0 is not written yet: the end of the interval that made them fail. */
  readonly #badEvidence = new Map<string, number>();
  readonly #decisions: DecisionLog;
  /** Passes that wait for evidence, and for writes, by key: what is urgent cuts the wait short. */
  readonly #waits = new Map<string, AbortController>();
  readonly #writes = new Map<string, AbortController>();

  constructor(parts: PassParts) {
    this.#parts = parts;
    this.#decisions = new DecisionLog(parts.logger);
  }

  /**
   * Rejects with what an adapter threw; the pass may then be repeated any number of times. Evidence is waited for by
   * `aside`, which may let other passes work meanwhile.
   */
  async run(key: string, aside: Turn["aside"] = (wait) => wait()): Promise<PassResult> {
    // What is decided from must be what is there: an abort would find a weight of 0 that has not been 0 for a while.
    const settling = this.#parts.settle?.(key) ?? null;
    const isSure = settling === null || (await aside(() => settling));
    const before = this.#scene(key, isSure);
    if (before === null) {
      this.#forgetOne(key);
      return { changed: false, requeueAfterMs: null };
    }
    this.#tellOwed(key, before);
    const isAsking = this.#parts.gates.sync(key, before.snapshot.rollout, askGates(before.snapshot));
    const observations = await this.#observe(key, before, aside);
    // Evidence takes its time to come, and a wait may have been cut short by something urgent: what is decided on is
    // the world as it is now.
    const scene = observations === null && !isAsking ? before : this.#scene(key, isSure);
    if (scene === null) return { changed: false, requeueAfterMs: null };
    const usable = isSamePosition(before, scene) ? (observations ?? []) : [];
    const decision = decide(scene.snapshot, usable, this.#parts.settings);
    if (usable.length > 0) this.#parts.observer?.judged?.(decision.status);
    this.#noteBadEvidence(key, scene, decision, usable);
    const changed = await this.#execute(key, scene, decision);
    this.#memories.keep(key, decision);
    this.#troubles.over(key);
    const { requeueAfterMs } = decision;
    return { changed, requeueAfterMs: isSure ? requeueAfterMs : sooner(requeueAfterMs, DOUBT_RETRY_MS) };
  }

  /**
   * After how long what failed is tried again at the latest, however often it has failed: soon where it was to take
   * requests from the canary, else when the run's deadline has come; null: nothing is due.
   */
  retryWithinMs(key: string, rollout: Rollout | undefined, nowMs: number): number | null {
    const trouble = this.#troubles.of(key);
    if (trouble === null) return null;
    if (trouble.isUrgent) return URGENT_RETRY_MS;
    const run = rollout?.status?.run;
    const dueMs = run === undefined ? null : troubleDeadline(run, trouble);
    return dueMs === null || dueMs <= nowMs ? null : Math.max(dueMs - nowMs, LEAST_RETRY_MS);
  }

  /** What has come about is told, whatever happens after the status: nobody would come back to it. */
  async #execute(key: string, scene: Scene, decision: Decision): Promise<boolean> {
    const before = scene.snapshot.rollout.status;
    let isWritten = false;
    const onStatus = () => {
      isWritten = true;
      this.#drains.told(key);
      this.#untold.forget(key);
      this.#tell(key, scene, { before, decision });
    };
    const onTraffic = () => {
      const endMs = this.#badEvidence.get(key);
      this.#badEvidence.delete(key);
      if (endMs !== undefined) this.#parts.observer?.loweredOnEvidence?.(endMs);
    };
    const onWrite = (write: Promise<unknown>) => this.#underWay.follow(key, write);
    try {
      return await interruptibly(this.#writes, key, (signal) =>
        this.#parts.executor.execute(scene, decision, { onStatus, onTraffic, onWrite, signal }),
      );
    } catch (thrown) {
      if (!isWritten) this.#drains.untold(key, decision.actions);
      if (!isWritten && !isConflict(thrown)) this.#untold.keep(key, { before, decision });
      if (!isInterruption(thrown)) await this.#noteTrouble(key, scene, decision, toError(thrown).message);
      throw thrown;
    }
  }

  /** The first attempt counts: a write that fails does not make the evidence any newer. */
  #noteBadEvidence(
    key: string,
    scene: Scene,
    { status }: Decision,
    observations: readonly Observation[],
  ): void {
    const isFirst = scene.snapshot.rollout.status?.run?.outcome === undefined;
    const endMs =
      isFirst && status.run?.outcome?.reason === "MetricFailed" ? newestEndMs(observations) : null;
    if (endMs === null) this.#badEvidence.delete(key);
    else if (!this.#badEvidence.has(key)) this.#badEvidence.set(key, endMs);
  }

  /** What fails again and again is said in a condition, which outlives events. */
  async #noteTrouble(key: string, scene: Scene, { actions }: Decision, message: string): Promise<void> {
    const { rollout, routing, nowMs } = scene.snapshot;
    const isUrgent = actions.some((action) => isLowering(action, routing));
    const isToBeTold = this.#troubles.failed(key, message, nowMs, isUrgent);
    if (!isToBeTold || rollout.status === undefined) return;
    try {
      await this.#parts.executor.writeStatus(rollout, troubledStatus(rollout.status, message, nowMs));
    } catch (thrown) {
      this.#parts.logger.info("the condition that tells of failing passes could not be written", {
        rollout: key,
        error: toError(thrown),
      });
    }
  }

  #tellOwed(key: string, scene: Scene): void {
    const owed = this.#untold.take(key, scene.snapshot.rollout.status);
    if (owed !== null) this.#tell(key, scene, owed);
  }

  /**
   * Something that must not wait has happened to the Rollout: a pass that waits for evidence goes on without, and one
   * that waits for a write to be answered ends. The write may have its effect all the same, as after a crash.
   */
  interrupt(key: string): void {
    this.#waits.get(key)?.abort(new PassInterrupted());
    this.#writes.get(key)?.abort(new PassInterrupted());
  }

  /** The process is to end: nobody waits for evidence any more, but what is being written is finished. */
  hurry(): void {
    for (const wait of this.#waits.values()) wait.abort(new PassInterrupted());
  }

  /** What is remembered is made again from the source's history, and webhooks are asked again: what another process has decided meanwhile is not in it. */
  forget(): void {
    this.#memories.clear();
    this.#drains.clear();
    this.#troubles.clear();
    this.#badEvidence.clear();
    this.#decisions.clear();
    this.#parts.gates.clear();
  }

  /** What was last decided for a Rollout; undefined: nothing since this process leads. */
  lastDecision(key: string): Decided | undefined {
    return this.#decisions.last(key);
  }

  /** Rollouts of which something is remembered. */
  get remembered(): number {
    return Math.max(this.#memories.size, this.#troubles.size);
  }

  #scene(key: string, isSure: boolean): Scene | null {
    const gates = this.#parts.gates.answers(key);
    return this.#parts.gatherer.scene(parseKey(key), (runId) => ({
      ...this.#memories.get(key, runId),
      isDrainKnown: this.#drains.has(key),
      areWritesKnown: isSure && !this.#underWay.has(key),
      trouble: this.#troubles.of(key),
      gates,
    }));
  }

  #forgetOne(key: string): void {
    this.#memories.forget(key);
    this.#drains.forget(key);
    this.#untold.forget(key);
    this.#troubles.over(key);
    this.#badEvidence.delete(key);
    this.#decisions.forget(key);
    this.#parts.gates.forget(key);
  }

  /** Null: nothing was asked, so no time has passed. Empty: the wait was interrupted. */
  async #observe(key: string, scene: Scene, aside: Turn["aside"]): Promise<readonly Observation[] | null> {
    const asks = ask(scene.snapshot);
    if (asks.length === 0) return null;
    return interruptibly(this.#waits, key, async (signal) => {
      const observations = await aside(() => this.#parts.gatherer.observe(scene, asks, signal));
      return signal.aborted ? [] : observations;
    });
  }

  #tell(key: string, scene: Scene, { before, decision }: Attempt): void {
    this.#decisions.note(key, before, decision, scene.snapshot.nowMs);
    // With the status that the events belong to: whoever is told of them is told the phase as well.
    const rollout = { ...scene.snapshot.rollout, status: decision.status };
    for (const event of decision.events) this.#parts.events.post(rollout, event);
    for (const transition of decision.notifications) this.#parts.notifier.notify(rollout, transition);
    this.#parts.observer?.wrote?.(rollout, before, decision.status);
    this.#parts.trace?.moved(rollout, before, decision.status);
  }
}

function sooner(aMs: number | null, bMs: number): number {
  return Math.min(aMs ?? bMs, bMs);
}

async function interruptibly<T>(
  waits: Map<string, AbortController>,
  key: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const wait = new AbortController();
  waits.set(key, wait);
  try {
    return await work(wait.signal);
  } finally {
    waits.delete(key);
  }
}

/** Evidence of one position says nothing about another that was entered while it was being fetched. */
function isSamePosition(before: Scene, after: Scene): boolean {
  const [a, b] = [before.snapshot.rollout.status?.run, after.snapshot.rollout.status?.run];
  return a?.id === b?.id && a?.stage === b?.stage && a?.positions.length === b?.positions.length;
}

/** End of the newest interval that there is evidence of; null for none. */
function newestEndMs(observations: readonly Observation[]): number | null {
  const ends = observations.flatMap(({ rows }) => rows).filter((row) => !isUnanswered(row));
  return ends.length === 0 ? null : Math.max(...ends.map(({ endMs }) => endMs));
}
