import type { WebhookSpec } from "../api/spec-gates.ts";
import type { GateStatus, RunStatus } from "../api/status.ts";
import { isoTime, parseTime } from "../lib/time.ts";
import { announce, imageText, record } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { askedHooks, gateId, gateOf, isCheck, isSettled } from "./gates.ts";
import { thresholdOf } from "./gates-outcome.ts";
import type { GateAnswer, GateAnswers } from "./snapshot.ts";
import { placeText } from "./wording.ts";

const STATE_OF: Readonly<Record<GateAnswer["result"], GateStatus["state"]>> = {
  yes: "open",
  no: "closed",
  none: "silent",
};

/**
 * Keeps in the status what webhooks have said, when that changes, and the numbers now and then. What changed is told
 * once; that the same is said again is not.
 */
export function noteGates(draft: Draft, run: RunStatus): RunStatus {
  return askedHooks(run).reduce((noted, hook) => noteGate(draft, noted, hook), run);
}

function noteGate(draft: Draft, run: RunStatus, hook: WebhookSpec): RunStatus {
  const answers = draft.snapshot.gates[gateId(run, hook)];
  const last = answers?.last ?? null;
  const old = gateOf(run, hook);
  if (answers === undefined || last === null || (old !== undefined && isSettled(old))) return run;
  const state = STATE_OF[last.result];
  if (old === undefined && !isWorthNoting(hook, last)) return run;
  if (old?.state === state && !isStale(draft, old, last)) return run;
  const noted: GateStatus = {
    name: hook.name,
    type: hook.type,
    state,
    since: old?.isAwaited === true || old?.state === state ? old.since : isoTime(last.atMs),
    answers: answers.count,
    last: last.text,
    at: isoTime(draft.nowMs),
    ...(old?.isAwaited === true ? { isAwaited: true } : {}),
  };
  const next = draft.patchRun(run, { gates: withGate(run, noted) });
  if (old?.state !== state) tell(draft, next, { hook, old, noted, answers });
  return next;
}

/** A rollout webhook that says yes, and a rollback webhook that says no, are as they should be. */
function isWorthNoting(hook: WebhookSpec, { result }: GateAnswer): boolean {
  return hook.type === "rollback" ? result === "none" : result !== "yes";
}

function isStale(draft: Draft, { at }: GateStatus, last: GateAnswer): boolean {
  return draft.nowMs - parseTime(at) >= draft.settings.statusRefreshMs && last.atMs > parseTime(at);
}

/** In the order in which they were first noted. */
export function withGate(run: RunStatus, gate: GateStatus): readonly GateStatus[] {
  const gates = run.gates ?? [];
  if (gateOf(run, gate) === undefined) return [...gates, gate];
  return gates.map((other) => (other.name === gate.name && other.type === gate.type ? gate : other));
}

interface News {
  readonly hook: WebhookSpec;
  readonly old: GateStatus | undefined;
  readonly noted: GateStatus;
  readonly answers: GateAnswers;
}

function tell(draft: Draft, run: RunStatus, news: News): void {
  const { hook, old, noted, answers } = news;
  const who = `${hook.type} webhook "${hook.name}"`;
  if (noted.state === "open") {
    // One that agrees at once has kept nobody waiting.
    const hasWaited = old?.state === "closed" || old?.state === "silent";
    if (hasWaited) record(draft, "GateOpened", `The ${who} says yes: ${noted.last}.`);
  } else if (!isCheck(hook) && old?.state === "asked") {
    tellOfWait(draft, run, news);
  } else if (noted.state === "silent") {
    const text = `The ${who} gives no answer: ${noted.last}. That is neither yes nor no; it is asked again.`;
    record(draft, "GateSilent", text);
  } else if (isCheck(hook)) {
    const count = `refusal ${answers.refusals} of the ${thresholdOf(hook)} in a row that roll back`;
    record(draft, "GateRefused", `The ${who} answered ${noted.last}, ${count}.`);
  }
}

/** The run stands still for somebody outside: people are told once a wait, as they are of an approval. */
function tellOfWait(draft: Draft, run: RunStatus, { hook, noted }: News): void {
  const { name } = draft.snapshot.rollout.metadata;
  const title = `${imageText(run)} waits ${placeText(run)} for webhook "${hook.name}"`;
  const text = `It answered ${noted.last}. It is asked again until it says yes.`;
  const next = `Let it say yes; or go on without: kubectl annotate rollout ${name} sluice.dev/approve="why"`;
  if (hook.muteAlert) {
    draft.event({ reason: "GateWaits", type: "Warning", message: `${title}. ${text} ${next}.` });
    return;
  }
  const transition = `gate-${gateId(run, hook)}-${noted.since}`;
  announce(draft, run, { reason: "GateWaits", title, text, next, transition });
}
