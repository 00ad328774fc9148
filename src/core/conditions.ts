import type { ConditionReason } from "../api/reasons.ts";
import type { Condition, ConditionType, RolloutStatus } from "../api/status.ts";
import { isoTime } from "../lib/time.ts";
import { record } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { preflightClaim } from "./preflight.ts";

interface Claim {
  readonly status: Condition["status"];
  readonly reason: ConditionReason;
  readonly message: string;
}

const CONDITIONS: readonly ConditionType[] = ["Accepted", "Preflight", "Progressing", "Promoted", "Ready"];

/** Fills in conditions and observedGeneration from what has been decided; times move only when a claim changes. */
export function withConditions(draft: Draft): RolloutStatus {
  const { rollout } = draft.snapshot;
  const preflight = preflightClaim(draft);
  const claims: Readonly<Partial<Record<ConditionType, Claim>>> & { readonly Accepted: Claim } = {
    Accepted: accepted(draft),
    ...(preflight === null ? {} : { Preflight: preflight }),
    Progressing: progressing(draft.status),
    Promoted: promoted(draft.status),
    Ready: ready(draft),
  };
  const old = rollout.status?.conditions ?? [];
  const refused = old.find((condition) => condition.type === "Accepted");
  if (claims.Accepted.status === "False" && refused?.message !== claims.Accepted.message) {
    const reason = draft.snapshot.specProblems.length > 0 ? "SpecRefused" : "TargetRefused";
    record(draft, reason, claims.Accepted.message);
  }
  const before = old.find((condition) => condition.type === "Preflight");
  if (preflight?.reason === "PreflightWarned" && preflight.message !== before?.message)
    record(draft, "PreflightWarned", preflight.message);
  const generation = rollout.metadata.generation;
  const conditions = CONDITIONS.flatMap((type) => {
    const claim = claims[type];
    const past = old.find((condition) => condition.type === type);
    // What was not looked at in this pass is as it was.
    if (claim === undefined) return past === undefined ? [] : [past];
    return [toCondition(type, claim, { old: past, nowMs: draft.nowMs })];
  });
  return {
    ...draft.status,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions,
  };
}

function toCondition(
  type: ConditionType,
  claim: Claim,
  past: { readonly old: Condition | undefined; readonly nowMs: number },
): Condition {
  const since = past.old?.status === claim.status ? past.old.lastTransitionTime : isoTime(past.nowMs);
  return { type, ...claim, lastTransitionTime: since };
}

function accepted(draft: Draft): Claim {
  const { specProblems, targetProblem } = draft.snapshot;
  if (specProblems.length > 0) {
    const message = specProblems.map((problem) => `${problem.field}: ${problem.message}`).join("; ");
    return { status: "False", reason: "SpecInvalid", message };
  }
  if (targetProblem !== null) {
    return {
      status: "False",
      reason: "TargetInvalid",
      message: `${targetProblem.field}: ${targetProblem.message}`,
    };
  }
  return { status: "True", reason: "Valid", message: "The spec can be carried out." };
}

function progressing(status: RolloutStatus): Claim {
  const message = status.message ?? "";
  const { run } = status;
  if (run === undefined) {
    return status.phase === "Initializing"
      ? { status: "True", reason: "Initializing", message }
      : { status: "False", reason: status.phase === "Waiting" ? "Waiting" : "AtRest", message };
  }
  if (run.pause !== undefined) return { status: "False", reason: "Paused", message: run.pause.reason };
  if (run.stage === "RollingBack") return { status: "True", reason: "RolledBack", message };
  return { status: "True", reason: "Running", message };
}

/** As Flagger's condition: True once a revision serves, Unknown on the way, False after a failure. */
function promoted(status: RolloutStatus): Claim {
  const message = status.message ?? "";
  switch (status.phase) {
    case "Initialized":
      return { status: "True", reason: "Initialized", message };
    case "Succeeded":
      return { status: "True", reason: status.history?.[0]?.reason ?? "Promoted", message };
    case "Failed":
      return {
        status: "False",
        reason: status.run?.outcome?.reason ?? status.history?.[0]?.reason ?? "RolledBack",
        message,
      };
    case "Initializing":
      return { status: "Unknown", reason: "Initializing", message };
    case "Waiting":
    case "Progressing":
    case "WaitingPromotion":
    case "Promoting":
    case "Finalising":
      return { status: "Unknown", reason: status.run === undefined ? "Waiting" : "Running", message };
  }
}

/** kstatus: True when what the target asks for is what serves. */
function ready(draft: Draft): Claim {
  const { status } = draft;
  const message = status.message ?? "";
  if (draft.snapshot.rollout.metadata.deletionTimestamp !== undefined)
    return { status: "False", reason: "Deleting", message };
  if (accepted(draft).status === "False")
    return { status: "False", reason: "SpecInvalid", message: accepted(draft).message };
  if (status.phase === "Initialized" || status.phase === "Succeeded")
    return { status: "True", reason: "AtRest", message };
  if (status.phase === "Failed") return { status: "False", reason: "RolledBack", message };
  return { status: "False", reason: status.phase === "Initializing" ? "Initializing" : "Running", message };
}
