import type { Command, CommandName } from "../api/command.ts";
import type { RunStatus, Stage } from "../api/status.ts";
import { isoTime } from "../lib/time.ts";
import { announce, imageText, record } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { awaitedGates, withApprovals } from "./gates-waiting.ts";
import { tellResumed } from "./pausing.ts";
import { rollBack } from "./rolling-back.ts";
import { isSkipped } from "./skipping.ts";
import { placeText, stepName, subjectOf } from "./wording.ts";

/**
 * Obeys what people asked for by annotation, or says why not. Abort comes first, whatever else was asked. A command
 * that was already obeyed (a crash may leave its annotation behind) is taken away without another word.
 */
export function obeyCommands(draft: Draft): void {
  const commands = [...draft.snapshot.commands].sort((a, b) => ORDER[a.name] - ORDER[b.name]);
  for (const command of commands) {
    const refusal = revisionRefusal(draft, command) ?? OBEY[command.name](draft, command);
    if (refusal !== null) {
      record(draft, "CommandRefused", `${command.name} by ${byText(command)} was refused: ${refusal}`);
    }
    draft.obeyed(command.name);
  }
  draft.lookAgainAfter(0);
}

const ORDER: Readonly<Record<CommandName, number>> = {
  abort: 0,
  pause: 1,
  resume: 2,
  approve: 3,
  skip: 4,
  promote: 5,
  retry: 6,
};

/** Why a command is refused; null when it was obeyed. */
type Refusal = string | null;

/** Who suspended it has to take that back first: it would stand still again at once. */
const SUSPENDED = "the spec says suspend; set spec.suspend to false.";

const OBEY: Readonly<Record<CommandName, (draft: Draft, command: Command) => Refusal>> = {
  abort,
  pause: pauseRun,
  resume,
  approve,
  skip,
  promote,
  retry,
};

/** A command that was given for one revision does not meet another. */
function revisionRefusal({ status }: Draft, { revision }: Command): Refusal {
  const subject = subjectOf(status);
  if (revision === undefined || subject?.revision.startsWith(revision)) return null;
  const now = subject === undefined ? "none is" : `${subject.revision} (${imageText(subject)}) is`;
  return `it was given for revision ${revision}, and ${now} in question.`;
}

function abort(draft: Draft, command: Command): Refusal {
  const { run, phase } = draft.status;
  if (run === undefined) return `nothing is being released (phase ${phase}).`;
  if (run.stage === "RollingBack") return null;
  if (run.stage === "Finalising") {
    return `${imageText(run)} already serves from the primary. To go back, set the target to the former image.`;
  }
  rollBack(draft, run, {
    result: "Failed",
    reason: "Aborted",
    message: `Aborted by ${byText(command)}${because(command)}.`,
  });
  return null;
}

function pauseRun(draft: Draft, command: Command): Refusal {
  const run = pausable(draft);
  if (typeof run === "string") return run;
  if (run.pause?.kind === "Requested") return null;
  const reason = command.reason === "" ? `asked for by ${byText(command)}` : command.reason;
  const next = draft.patchRun(run, {
    pause: { kind: "Requested", reason, by: byText(command), since: isoTime(draft.nowMs) },
  });
  announce(draft, next, {
    reason: "Paused",
    title: `${imageText(run)} is paused ${placeText(run)}`,
    text: `By ${byText(command)}: ${reason}. It is still judged: a failure rolls it back.`,
    next: `kubectl annotate rollout ${draft.snapshot.rollout.metadata.name} sluice.dev/resume="why"`,
    transition: `paused-${draft.nowMs}`,
  });
  return null;
}

/** A run that can stand still; or why there is none. */
function pausable(draft: Draft): RunStatus | string {
  const { run, phase } = draft.status;
  if (run === undefined)
    return `nothing is being released (phase ${phase}); to keep runs from starting set spec.suspend.`;
  if (PAUSABLE.has(run.stage)) return run;
  return `a run in stage ${run.stage} cannot stand still; abort it if it must not go on.`;
}

const PAUSABLE: ReadonlySet<Stage> = new Set(["Confirming", "Starting", "Shadow", "Step"]);

function resume(draft: Draft, command: Command): Refusal {
  const { run } = draft.status;
  if (run?.pause === undefined) return "nothing is paused.";
  if (run.pause.kind === "Suspended") return SUSPENDED;
  if (run.pause.kind === "PreflightBlocked")
    return `it goes on by itself when what preflight has found is mended; to go on as it is, name the check in spec.preflight.ignore (${run.pause.reason})`;
  const { metric } = run.pause;
  const waived = metric === undefined ? run.waived : [...(run.waived ?? []), metric];
  // A judge that held the metric against the run begins anew, and is fed the same history.
  if (metric !== undefined) draft.judge = null;
  const next = draft.patchRun(run, {
    pause: undefined,
    waived,
    stageSince: isoTime(draft.nowMs),
    // Webhooks get their time anew.
    ...(run.pause.kind === "GateTimedOut" ? { gates: undefined } : {}),
  });
  tellResumed(draft, next, `Resumed by ${byText(command)}${because(command)}.`);
  return null;
}

function approve(draft: Draft, command: Command): Refusal {
  const { run, phase } = draft.status;
  if (run !== undefined && awaitedGates(run).length > 0) return approveGates(draft, run, command);
  if (run === undefined || run.stage !== "Step") return `no step is under way (phase ${phase}).`;
  if (run.approvals?.some((approval) => approval.step === run.stepIndex)) return null;
  const at = isoTime(draft.nowMs);
  const by = byText(command);
  const approval = { step: run.stepIndex, by, at, ...why(command) };
  const next = draft.patchRun(run, { approvals: withApprovals(run, [approval]) });
  announce(draft, next, {
    reason: "Approved",
    title: `${imageText(run)} is approved ${placeText(run)}`,
    text: `${stepName(run)}, by ${by}${because(command)}.`,
    transition: `approved-${run.stepIndex}-${run.restarts ?? 0}`,
  });
  return null;
}

/** Everything else is as it must be, and webhooks hold the run: a person answers in their place. */
function approveGates(draft: Draft, run: RunStatus, command: Command): Refusal {
  const by = byText(command);
  const names = awaitedGates(run).map(({ name }) => name);
  const gates = (run.gates ?? []).map((gate) =>
    names.includes(gate.name) ? { ...gate, approvedBy: by } : gate,
  );
  const approval = { gates: names, by, at: isoTime(draft.nowMs), ...why(command) };
  const next = draft.patchRun(run, { gates, approvals: withApprovals(run, [approval]) });
  announce(draft, next, {
    reason: "Approved",
    title: `${imageText(run)} goes on ${placeText(run)} without the yes of ${names.map((name) => `"${name}"`).join(", ")}`,
    text: `By ${by}${because(command)}.`,
    transition: `approved-gates-${run.stage}-${run.positions.length}-${draft.nowMs}`,
  });
  return null;
}

function why({ reason }: Command): { readonly reason?: string } {
  return reason === "" ? {} : { reason };
}

/** The rest of a step; pods, schedule and webhooks are still waited for, and a failure still rolls back. */
function skip(draft: Draft, command: Command): Refusal {
  const { run, phase } = draft.status;
  if (run === undefined || (run.stage !== "Step" && run.stage !== "Shadow"))
    return `no step is under way (phase ${phase}).`;
  if (isSkipped(run)) return null;
  if (draft.snapshot.rollout.spec.suspend || run.pause?.kind === "Suspended") return SUSPENDED;
  const by = byText(command);
  const at = isoTime(draft.nowMs);
  const position = run.positions.length;
  const skipped = run.stage === "Shadow" ? "the shadow phase" : stepName(run);
  const next = draft.patchRun(run, {
    skip: { position, by, at },
    pause: undefined,
    approvals: withApprovals(run, [{ skipped, by, at, ...why(command) }]),
  });
  announce(draft, next, {
    reason: "StepSkipped",
    title: `${imageText(run)} is to go on at once, ${placeText(run)}`,
    text: `${by} asked to skip the rest of ${skipped}${because(command)}.`,
    transition: `skipped-${position}-${run.restarts ?? 0}`,
  });
  return null;
}

function promote(draft: Draft, command: Command): Refusal {
  const { run, phase } = draft.status;
  if (run === undefined) return `nothing is being released (phase ${phase}).`;
  if (run.stage === "RollingBack") return "it is being rolled back; use retry when that is done.";
  if (run.promoteRequested !== undefined || PROMOTED.has(run.stage)) return null;
  const by = byText(command);
  const at = isoTime(draft.nowMs);
  const next = draft.patchRun(run, {
    promoteRequested: { by, at, reason: command.reason },
    // A run that is suspended before its pods are ready stays so, and is not told of again.
    pause: run.stage === "Starting" && run.pause?.kind === "Suspended" ? run.pause : undefined,
    approvals: withApprovals(run, [{ isPromotion: true, by, at, ...why(command) }]),
  });
  announce(draft, next, {
    reason: "PromotionRequested",
    title: `${imageText(run)} is to be promoted without waiting, ${placeText(run)}`,
    text: `${by} asked to skip the remaining steps and their evidence${because(command)}.`,
    transition: "promotion-requested",
  });
  return null;
}

/** What was asked for is on its way. */
const PROMOTED: ReadonlySet<Stage> = new Set(["Shifting", "Promoting", "Finalising"]);

function retry(draft: Draft, command: Command): Refusal {
  const { run, rejected } = draft.status;
  if (run !== undefined && run.stage !== "RollingBack") return `${imageText(run)} is being released already.`;
  if (run !== undefined) return "it is still being rolled back; try again in a moment.";
  if (rejected === undefined) return "no revision was rejected; a new image starts a run by itself.";
  if (draft.snapshot.target?.current?.hash !== rejected.revision) {
    return `the target no longer has the rejected revision ${rejected.revision}.`;
  }
  draft.patchStatus({ rejected: undefined });
  record(draft, "Retried", `${imageText(rejected)} is tried again, asked for by ${byText(command)}.`);
  return null;
}

function byText(command: Command): string {
  return command.by ?? "somebody";
}

/** `: the reason given`; nothing where none was. */
function because(command: Command): string {
  return command.reason === "" ? "" : `: ${command.reason}`;
}
