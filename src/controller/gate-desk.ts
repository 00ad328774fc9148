import type { Rollout } from "../api/rollout.ts";
import type { WebhookType } from "../api/spec-gates.ts";
import type { GateAsk } from "../core/gates.ts";
import type { GateAnswers } from "../core/snapshot.ts";
import type { Gate, GateReply } from "../gate/gate.ts";
import type { Clock } from "../lib/clock.ts";
import { Slots } from "../lib/slots.ts";
import { NO_TRACE, type Trace, type Work } from "./run-trace.ts";

export interface GateDeskOptions {
  readonly clock: Clock;
  readonly gate: Gate;
  /** An answer has come for this Rollout. Urgent: it may take the weight to 0. */
  readonly wake: (key: string, isUrgent: boolean) => void;
  readonly observer?: GateObserver | undefined;
  readonly trace?: Trace | undefined;
}

/** For metrics. Called synchronously; must not throw. */
export interface GateObserver {
  /** A question was answered, or given up: `abandoned` when nobody wanted the answer any more. */
  answered?(call: {
    readonly type: WebhookType;
    readonly result: GateReply["result"] | "abandoned";
    readonly tookMs: number;
  }): void;
}

/** Questions under way at the same time, in all; those that may roll back have places of their own. */
const MAX_ASKING = 256;
const MAX_ASKING_ROLLBACK = 64;

/** One question, and what has been answered so far. */
interface Entry {
  answers: GateAnswers;
  /** Aborts the call that is under way. */
  call: AbortController | null;
}

const UNANSWERED: GateAnswers = { count: 0, refusals: 0, last: null, isAsking: false };

/**
 * Asks webhooks beside the passes. A pass says what is to be asked, reads what has been answered, and waits for nothing;
 * an answer wakes its Rollout. Questions that are no longer to be asked are abandoned and forgotten with their answers,
 * so at most as much is kept as the specs of running releases have webhooks.
 */
export class GateDesk {
  readonly #options: GateDeskOptions;
  readonly #entries = new Map<string, Map<string, Entry>>();
  readonly #slots = new Slots(MAX_ASKING);
  readonly #rollbackSlots = new Slots(MAX_ASKING_ROLLBACK);

  constructor(options: GateDeskOptions) {
    this.#options = options;
  }

  /** From now on these are asked for a Rollout, and no others. True when something has begun to be asked. */
  sync(key: string, rollout: Pick<Rollout, "metadata" | "status">, asks: readonly GateAsk[]): boolean {
    this.#dropExcept(key, new Set(asks.map(({ id }) => id)));
    const now = this.#options.clock.now();
    const due = asks.filter((ask) => ask.dueMs <= now && !this.#entry(key, ask.id).answers.isAsking);
    for (const ask of due) void this.#ask(key, rollout, ask);
    return due.length > 0;
  }

  /** What has been answered, by id. */
  answers(key: string): Readonly<Record<string, GateAnswers>> {
    const entries = [...(this.#entries.get(key) ?? [])];
    return Object.fromEntries(entries.map(([id, { answers }]) => [id, answers]));
  }

  /** The Rollout is gone. */
  forget(key: string): void {
    this.#dropExcept(key, new Set());
  }

  /** Abandons everything: another process may have asked and decided meanwhile. */
  clear(): void {
    for (const key of [...this.#entries.keys()]) this.forget(key);
  }

  /** Questions that are kept, answered or not. */
  get size(): number {
    return [...this.#entries.values()].reduce((sum, entries) => sum + entries.size, 0);
  }

  #dropExcept(key: string, kept: ReadonlySet<string>): void {
    const entries = this.#entries.get(key);
    if (entries === undefined) return;
    for (const [id, { call }] of [...entries]) {
      if (kept.has(id)) continue;
      entries.delete(id);
      call?.abort();
    }
    if (entries.size === 0) this.#entries.delete(key);
  }

  #entry(key: string, id: string): Entry {
    const entries = this.#entries.get(key) ?? new Map<string, Entry>();
    this.#entries.set(key, entries);
    const entry = entries.get(id) ?? { answers: UNANSWERED, call: null };
    entries.set(id, entry);
    return entry;
  }

  async #ask(key: string, rollout: Pick<Rollout, "metadata" | "status">, ask: GateAsk): Promise<void> {
    const entry = this.#entry(key, ask.id);
    const call = new AbortController();
    entry.call = call;
    entry.answers = { ...entry.answers, isAsking: true };
    const slots = ask.hook.type === "rollback" ? this.#rollbackSlots : this.#slots;
    const reply = await slots.run(() => this.#call(rollout, ask, call.signal));
    if (reply === null || call.signal.aborted) return;
    entry.call = null;
    entry.answers = {
      count: entry.answers.count + 1,
      refusals: refusalsAfter(entry.answers, reply),
      last: { ...reply, atMs: this.#options.clock.now() },
      isAsking: false,
    };
    this.#options.wake(key, reply.result === ask.urgentOn);
  }

  /** Null: nobody wants the answer any more. */
  async #call(
    rollout: Pick<Rollout, "metadata" | "status">,
    ask: GateAsk,
    signal: AbortSignal,
  ): Promise<GateReply | null> {
    if (signal.aborted) return null;
    const { clock, gate, observer, trace = NO_TRACE } = this.#options;
    const { hook, phase, checksum } = ask;
    const begunMs = clock.now();
    const work: Work<GateReply> = {
      name: `webhook ${hook.name}`,
      kind: "client",
      told: ({ result, text }) => ({
        "sluice.webhook.type": hook.type,
        "sluice.webhook.result": result,
        "sluice.webhook.text": text,
      }),
    };
    const reply = await trace.during(rollout, rollout.status?.run, work, () =>
      gate.ask({ rollout, hook, phase, checksum }, signal),
    );
    const result = signal.aborted ? "abandoned" : reply.result;
    observer?.answered?.({ type: hook.type, result, tookMs: clock.now() - begunMs });
    return reply;
  }
}

function refusalsAfter(before: GateAnswers, { result }: GateReply): number {
  if (result === "none") return before.refusals;
  return result === "no" ? before.refusals + 1 : 0;
}
