import type { RolloutSpec } from "../api/spec.ts";
import type { WebhookSpec, WebhookType } from "../api/spec-gates.ts";
import type { AfterRunStatus, GateStatus, RunStatus } from "../api/status.ts";
import { parseDuration } from "../lib/duration.ts";
import { parseTime } from "../lib/time.ts";
import type { Draft } from "./draft.ts";
import { intervalMsOf } from "./interval.ts";
import type { GateAnswers, Snapshot } from "./snapshot.ts";

/**
 * A webhook that is to be asked from now on, until it is no longer among those that `askGates` names. Answers come when
 * they come: no pass waits for one.
 */
export interface GateAsk {
  /** The same as long as it is the same question: webhook, run, and place within the run. */
  readonly id: string;
  readonly hook: WebhookSpec;
  readonly phase: string;
  readonly checksum: string;
  /** When to ask next, unless it is being asked. */
  readonly dueMs: number;
  /** An answer that may take the weight to 0: the pass that acts on it must not wait for evidence. */
  readonly urgentOn: "yes" | "no" | null;
}

/** Types that a raise of the weight waits for. */
export const RAISE_TYPES: readonly WebhookType[] = ["rollout", "confirm-traffic-increase"];
export const PROMOTION_TYPES: readonly WebhookType[] = [...RAISE_TYPES, "confirm-promotion"];

/** A test of the canary: it refuses because something is wrong, not because somebody has yet to agree. */
export function isCheck({ type }: Pick<WebhookSpec, "type">): boolean {
  return type === "rollout" || type === "pre-rollout";
}

/** The webhooks of a spec; one that an older controller has put into a status knows of none. */
export function webhooksOf(spec: RolloutSpec, types?: readonly WebhookType[]): readonly WebhookSpec[] {
  const webhooks: readonly WebhookSpec[] | undefined = spec.webhooks;
  return (webhooks ?? []).filter(({ type }) => types === undefined || types.includes(type));
}

/** Those that are to be asked as the run stands. */
export function askedHooks(run: RunStatus): readonly WebhookSpec[] {
  return webhooksOf(run.spec).filter((hook) => isAsked(run, hook));
}

/** Everything that is to be asked as things stand. */
export function askGates(snapshot: Pick<Snapshot, "nowMs" | "rollout" | "gates">): readonly GateAsk[] {
  const { status, metadata } = snapshot.rollout;
  if (metadata.deletionTimestamp !== undefined || status === undefined) return [];
  const { run, afterRun, phase } = status;
  const ofRun =
    run === undefined ? [] : askedHooks(run).map((hook) => askOfRun(snapshot, run, { hook, phase }));
  return [...ofRun, ...(afterRun === undefined ? [] : asksAfterRun(snapshot, afterRun))];
}

function isAsked(run: RunStatus, hook: WebhookSpec): boolean {
  switch (hook.type) {
    case "rollback":
      return run.stage !== "Finalising" && run.stage !== "RollingBack";
    case "rollout":
      return (run.stage === "Shadow" || run.stage === "Step") && run.promoteRequested === undefined;
    case "confirm-rollout":
    case "pre-rollout":
    case "confirm-traffic-increase":
    case "confirm-promotion": {
      const gate = gateOf(run, hook);
      return gate !== undefined && !isSettled(gate);
    }
    case "post-rollout":
    case "event":
      return false;
  }
}

/** Nothing more is to be asked: a person has decided, or a test that is run once has passed. */
export function isSettled(gate: GateStatus): boolean {
  return gate.approvedBy !== undefined || (gate.type === "pre-rollout" && gate.state === "open");
}

export function gateOf(run: RunStatus, { name, type }: Pick<GateStatus, "name" | "type">) {
  return run.gates?.find((gate) => gate.name === name && gate.type === type);
}

function askOfRun(
  { nowMs, gates }: Pick<Snapshot, "nowMs" | "gates">,
  run: RunStatus,
  { hook, phase }: { readonly hook: WebhookSpec; readonly phase: string },
): GateAsk {
  const id = gateId(run, hook);
  const sinceMs = parseTime(gateOf(run, hook)?.since ?? run.stageSince);
  const isSteady = hook.type === "rollout" || hook.type === "rollback";
  const intervalMs = hookIntervalOf(run.spec, hook);
  const delayMs = isSteady ? intervalMs : pollDelayMs(nowMs - sinceMs, intervalMs);
  return {
    id,
    hook,
    // Flagger sends the phase as it is to confirm-rollout and rollback, and Progressing to all others.
    phase: hook.type === "confirm-rollout" || hook.type === "rollback" ? phase : "Progressing",
    checksum: run.revision,
    dueMs: dueMs(gates[id], nowMs, delayMs),
    urgentOn: URGENT_ON[hook.type] ?? null,
  };
}

const URGENT_ON: Readonly<Partial<Record<WebhookType, "yes" | "no">>> = {
  rollback: "yes",
  rollout: "no",
  "pre-rollout": "no",
};

/** An answer counts for the run, and for the place in it, that it was given for. */
export function gateId(run: RunStatus, { name, type }: Pick<WebhookSpec, "name" | "type">): string {
  const place = type === "rollback" ? "run" : `${run.stage}-${run.positions.length}-${run.restarts ?? 0}`;
  return `${run.id}/${place}/${type}/${name}`;
}

export function afterRunId(afterRun: AfterRunStatus, name: string): string {
  return `${afterRun.run}/after/post-rollout/${name}`;
}

function asksAfterRun(
  { nowMs, rollout, gates }: Pick<Snapshot, "nowMs" | "rollout" | "gates">,
  afterRun: AfterRunStatus,
): readonly GateAsk[] {
  return webhooksOf(rollout.spec, ["post-rollout"])
    .filter(({ name }) => afterRun.hooks.includes(name))
    .map((hook) => {
      const id = afterRunId(afterRun, hook.name);
      const delayMs = pollDelayMs(nowMs - parseTime(afterRun.since), hookIntervalOf(rollout.spec, hook));
      return {
        id,
        hook,
        phase: afterRun.phase,
        checksum: afterRun.revision,
        dueMs: dueMs(gates[id], nowMs, delayMs),
        urgentOn: null,
      };
    });
}

export function hookIntervalOf(spec: RolloutSpec, hook: WebhookSpec): number {
  return parseDuration(hook.interval ?? "") ?? intervalMsOf(spec.analysis);
}

const LONGEST_POLL_MS = 60_000;
const POLL_SHARE = 20;

/** Ever less often, as the wait gets longer: what has taken an hour is noticed within a minute. */
function pollDelayMs(waitedMs: number, intervalMs: number): number {
  return Math.max(intervalMs, Math.min(LONGEST_POLL_MS, waitedMs / POLL_SHARE));
}

function dueMs(answers: GateAnswers | undefined, nowMs: number, delayMs: number): number {
  return answers?.last === undefined || answers.last === null ? nowMs : answers.last.atMs + delayMs;
}

/** Looks again when the next question is due; one that is being asked wakes the run itself. */
export function lookAgainForGates(draft: Draft): void {
  const { snapshot, status } = draft;
  for (const { id, dueMs: atMs } of askGates({ ...snapshot, rollout: { ...snapshot.rollout, status } })) {
    if (snapshot.gates[id]?.isAsking !== true) draft.lookAgainAt(atMs);
  }
}
