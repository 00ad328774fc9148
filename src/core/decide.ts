import type { RolloutStatus } from "../api/status.ts";
import { obeyCommands } from "./commands.ts";
import { withConditions } from "./conditions.ts";
import type { Decision } from "./decision.ts";
import { handBack, keepFinalizer } from "./deletion.ts";
import { Draft } from "./draft.ts";
import { drainAnew } from "./draining.ts";
import { lookAgainForGates } from "./gates.ts";
import { noteCallsAfterRun } from "./gates-after.ts";
import { initialise } from "./initialise.ts";
import { rest } from "./rest.ts";
import { advanceRun } from "./run.ts";
import { noteRows } from "./seen-traffic.ts";
import type { CoreSettings, Observation, Snapshot } from "./snapshot.ts";

/**
 * The whole of Sluice's judgement: what to do now, from what is seen now. Pure: the same snapshot, observations and
 * settings give the same decision, and deciding twice without a change in between decides nothing the second time.
 *
 * The order is the priority. Commands and whatever takes the canary's weight to 0 come before anything that waits.
 */
export function decide(
  snapshot: Snapshot,
  observations: readonly Observation[],
  settings: CoreSettings,
): Decision {
  const draft = new Draft(snapshot, settings, snapshot.rollout.status ?? FIRST_STATUS);
  for (const { rows, intervalMs } of observations) draft.seen = noteRows(draft.seen, rows, intervalMs);
  drainAnew(draft);
  advance(draft, observations);
  lookAgainForGates(draft);
  keepThreads(draft);
  draft.status = withConditions(draft);
  return draft.finish();
}

const FIRST_STATUS: RolloutStatus = { phase: "Initializing", canaryWeight: 0 };

function advance(draft: Draft, observations: readonly Observation[]): void {
  if (draft.snapshot.rollout.metadata.deletionTimestamp !== undefined) handBack(draft);
  // A command has a pass of its own, so that one whose annotation outlives a crash cannot meet a later step.
  else if (draft.snapshot.commands.length > 0) obeyCommands(draft);
  else advanceStage(draft, observations);
}

/** A conversation that has begun is kept with the run, so that another process goes on with it. */
function keepThreads(draft: Draft): void {
  const { run } = draft.status;
  const { rollout, threads } = draft.snapshot;
  if (run === undefined || run.id !== rollout.status?.run?.id) return;
  const isNew = Object.entries(threads).some(([receiver, thread]) => run.threads?.[receiver] !== thread);
  if (isNew) draft.patchRun(run, { threads: { ...run.threads, ...threads } });
}

function advanceStage(draft: Draft, observations: readonly Observation[]): void {
  noteCallsAfterRun(draft);
  if (draft.status.phase !== "Initializing") keepFinalizer(draft);
  if (draft.status.run !== undefined) advanceRun(draft, draft.status.run, observations);
  else if (draft.status.phase === "Initializing") initialise(draft);
  else rest(draft);
}
