import type { Phase, RolloutStatus, Stage } from "../api/status.ts";
import type { Action, Decision } from "../core/decision.ts";
import { isoTime } from "../lib/time.ts";
import type { Logger } from "../telemetry/logger.ts";

/** What was decided for a Rollout, for the log and for support. */
export interface Decided {
  readonly at: string;
  readonly phase: Phase;
  /** Reasons of events, or else that of the condition Progressing. */
  readonly reason: string;
  readonly message: string;
  /** The run, while there is one. */
  readonly run?: number;
  readonly revision?: string;
  readonly stage?: Stage;
  readonly step?: string;
  readonly weight?: number;
  readonly verdict?: string;
  /** What was done, in order. */
  readonly actions?: readonly string[];
}

/** One line for each decision that changes something, and the last such decision of each Rollout. */
export class DecisionLog {
  readonly #logger: Logger;
  readonly #last = new Map<string, Decided>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The decision has come into force. One that changes nothing is told at level debug, and replaces none. */
  note(key: string, before: RolloutStatus | undefined, decision: Decision, nowMs: number): void {
    const decided = decidedOf(before, decision, nowMs);
    const { at: _, ...fields } = decided;
    if (!isTelling(before, decision)) {
      this.#logger.debug("nothing to change", { rollout: key, ...fields });
      return;
    }
    this.#last.set(key, decided);
    this.#logger.info("decided", { rollout: key, ...fields });
  }

  /** Undefined: nothing has been decided since this process leads. */
  last(key: string): Decided | undefined {
    return this.#last.get(key);
  }

  forget(key: string): void {
    this.#last.delete(key);
  }

  clear(): void {
    this.#last.clear();
  }
}

function decidedOf(before: RolloutStatus | undefined, decision: Decision, nowMs: number): Decided {
  const { status, events } = decision;
  // The run that a decision ends is not in the status that it leaves.
  const run = status.run ?? before?.run;
  const actions = [...decision.actions, ...decision.finally].map(actionText);
  const reasons = events.map(({ reason }) => reason).join(",");
  return {
    at: isoTime(nowMs),
    phase: status.phase,
    reason: reasons || (status.conditions?.find(({ type }) => type === "Progressing")?.reason ?? ""),
    message: events.map(({ message }) => message).join(" ") || (status.message ?? ""),
    ...(run === undefined
      ? {}
      : { run: run.id, revision: run.revision, stage: run.stage, weight: status.canaryWeight }),
    ...(status.step === undefined ? {} : { step: status.step }),
    ...(run?.verdict === undefined ? {} : { verdict: run.verdict.result }),
    ...(actions.length === 0 ? {} : { actions }),
  };
}

/** Numbers of evidence are refreshed now and then; that is no decision. */
function isTelling(before: RolloutStatus | undefined, decision: Decision): boolean {
  const { status, actions, finally: last, events } = decision;
  const [was, is] = [before?.run, status.run];
  return (
    events.length + actions.length + last.length > 0 ||
    before?.phase !== status.phase ||
    was?.id !== is?.id ||
    was?.stage !== is?.stage ||
    was?.pause?.kind !== is?.pause?.kind ||
    was?.verdict?.result !== is?.verdict?.result
  );
}

function actionText(action: Action): string {
  switch (action.kind) {
    case "setTraffic":
      return `setTraffic ${action.traffic.canaryWeight} %`;
    case "scaleTarget":
    case "scalePrimary":
      return `${action.kind} ${action.replicas}`;
    default:
      return action.kind;
  }
}
