import type { CommandName } from "../api/command.ts";
import type { Transition } from "../api/notification.ts";
import type { RolloutStatus, RunStatus } from "../api/status.ts";
import type { Action, Decision, EventDraft } from "./decision.ts";
import type { JudgeMemory } from "./judging.ts";
import { loweringFirst } from "./lowering.ts";
import type { SeenTraffic } from "./seen-traffic.ts";
import type { CoreSettings, Snapshot } from "./snapshot.ts";

/**
 * A decision in the making: each part of the state machine adds to it. It lives for one call of `decide` and is the
 * only thing in core that changes.
 */
export class Draft {
  readonly snapshot: Snapshot;
  readonly settings: CoreSettings;
  status: RolloutStatus;
  judge: JudgeMemory | null;
  seen: SeenTraffic | null;
  #actions: Action[] = [];
  readonly #finally: Action[] = [];
  readonly #events: EventDraft[] = [];
  readonly #notifications: Transition[] = [];
  #requeueAfterMs: number | null = null;

  constructor(snapshot: Snapshot, settings: CoreSettings, status: RolloutStatus) {
    this.snapshot = snapshot;
    this.settings = settings;
    this.status = status;
    this.judge = snapshot.judge;
    this.seen = snapshot.seen;
  }

  get nowMs(): number {
    return this.snapshot.nowMs;
  }

  act(...actions: readonly Action[]): void {
    this.#actions.push(...actions);
  }

  /** This action and nothing before it: weight 0 must not stand behind anything that may fail. */
  actAlone(action: Action): void {
    this.#actions = [action];
  }

  /** Performed after the status is written. */
  actFinally(action: Action): void {
    this.#finally.push(action);
  }

  obeyed(command: CommandName): void {
    this.actFinally({ kind: "clearCommand", command });
  }

  event(event: EventDraft): void {
    this.#events.push(event);
  }

  notify(notification: Transition): void {
    this.#notifications.push(notification);
  }

  /** Look again after `delayMs` at the latest; the earliest wish wins. */
  lookAgainAfter(delayMs: number): void {
    const wish = Math.max(0, delayMs);
    this.#requeueAfterMs = this.#requeueAfterMs === null ? wish : Math.min(this.#requeueAfterMs, wish);
  }

  /** Look again when the clock says `timeMs`. */
  lookAgainAt(timeMs: number): void {
    this.lookAgainAfter(timeMs - this.nowMs);
  }

  /** Changes members of the status; a member given as undefined is taken away. */
  patchStatus(change: Change<RolloutStatus>): void {
    this.status = withoutUndefined({ ...this.status, ...change });
  }

  /** Changes members of the run; a member given as undefined is taken away. */
  patchRun(run: RunStatus, change: Change<RunStatus>): RunStatus {
    const next = withoutUndefined({ ...run, ...change });
    this.patchStatus({ run: next });
    return next;
  }

  finish(): Decision {
    return {
      actions: loweringFirst(this.#actions, this.snapshot.routing),
      status: this.status,
      finally: this.#finally,
      events: this.#events,
      notifications: this.#notifications,
      judge: this.judge,
      seen: this.seen,
      requeueAfterMs: this.#requeueAfterMs,
    };
  }
}

export type Change<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** An optional member that is undefined does not exist. */
function withoutUndefined<T extends object>(value: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
