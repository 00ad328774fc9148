import type { WindowSpec } from "../api/spec-gates.ts";
import type { GateStatus, RunStatus } from "../api/status.ts";
import { type CronTimes, lastTime, nextTime, parseCron } from "../lib/cron.ts";
import { parseDuration } from "../lib/duration.ts";
import { isoTime, moment } from "../lib/time.ts";
import { TimeZone } from "../lib/time-zone.ts";
import { record } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { withGate } from "./gates-noted.ts";
import { tellResumed } from "./pausing.ts";
import { where } from "./wording.ts";

/** The schedule says no. */
export interface Denial {
  /** It says no until then, at least; null: for more than a year. */
  readonly untilMs: number | null;
  /** The window as it stands in the spec. */
  readonly window: string;
}

/** A window that a spec may have: validation has read its times before. */
interface Window {
  readonly spec: WindowSpec;
  readonly times: CronTimes;
  readonly zone: TimeZone;
  readonly lengthMs: number;
}

const YEAR_MS = 366 * 86_400_000;

/** So many windows that follow one upon the other are looked through. */
const CHAIN_MAX = 16;

/** Why no weight may rise at this time; null when it may. */
export function denialAt(schedule: readonly WindowSpec[] | undefined, nowMs: number): Denial | null {
  const windows = (schedule ?? []).flatMap(toWindow);
  const first = denialOf(windows, nowMs);
  if (first === null) return null;
  let untilMs = first.untilMs;
  for (let count = 1; untilMs !== null && count < CHAIN_MAX; count++) {
    const next = denialOf(windows, untilMs);
    if (next === null) break;
    untilMs = next.untilMs;
  }
  return { ...first, untilMs };
}

function toWindow(spec: WindowSpec): readonly Window[] {
  const times = parseCron(spec.deny ?? spec.allow ?? "");
  const zone = TimeZone.named(spec.timeZone);
  const lengthMs = parseDuration(spec.for) ?? 0;
  return "problem" in times || zone === null ? [] : [{ spec, times, zone, lengthMs }];
}

/** Until when the windows of one moment say no. */
function denialOf(windows: readonly Window[], atMs: number): Denial | null {
  const denying = windows
    .filter(({ spec }) => spec.deny !== undefined)
    .find((window) => endOf(window, atMs) !== null);
  if (denying !== undefined) return { untilMs: endOf(denying, atMs), window: windowText(denying.spec) };
  const allowing = windows.filter(({ spec }) => spec.allow !== undefined);
  if (allowing.length === 0 || allowing.some((window) => endOf(window, atMs) !== null)) return null;
  const begins = allowing.flatMap(({ times, zone }) => nextTime(times, zone, atMs, YEAR_MS) ?? []);
  return {
    untilMs: begins.length === 0 ? null : Math.min(...begins),
    window: allowing.map(({ spec }) => windowText(spec)).join(" and "),
  };
}

/** When the window that is open ends; null when it is not open. */
function endOf({ times, zone, lengthMs }: Window, atMs: number): number | null {
  const begun = lastTime(times, zone, atMs, lengthMs);
  return begun === null || begun + lengthMs <= atMs ? null : begun + lengthMs;
}

function windowText({ deny, allow, timeZone, ...spec }: WindowSpec): string {
  return deny === undefined
    ? `allow "${allow}" for ${spec.for}, ${timeZone}`
    : `deny "${deny}" for ${spec.for}, ${timeZone}`;
}

/** `the schedule (deny "0 18 * * 5" for 62h, Europe/Paris) does not allow it before 2026-01-12 07:00:00 UTC`. */
export function denialText({ window, untilMs }: Denial, nowMs: number): string {
  const when = untilMs === null ? "within a year" : `before ${moment(untilMs, nowMs)}`;
  return `the schedule (${window}) does not allow it ${when}`;
}

/** The schedule as the run waits for it, beside webhooks. */
const SCHEDULE = { name: "schedule", type: "schedule" } as const;

/** Gives the run when its weight may rise now; null while it is held. The schedule is read live: it is a brake. */
export function withinSchedule(draft: Draft, run: RunStatus): RunStatus | null {
  const schedule: readonly WindowSpec[] | undefined = draft.snapshot.rollout.spec.schedule;
  const holding = (schedule ?? []).filter(({ runsUnderWay }) => runsUnderWay === "hold");
  const denial = denialAt(run.stage === "Confirming" ? schedule : holding, draft.nowMs);
  const held = run.gates?.find(({ type }) => type === SCHEDULE.type);
  if (denial === null) return held === undefined ? run : released(draft, run);
  const text = denialText(denial, draft.nowMs);
  if (held === undefined) record(draft, "ScheduleHolds", `${where(run)}; ${text}.`);
  const now = isoTime(draft.nowMs);
  const gate: GateStatus = { ...SCHEDULE, state: "closed", since: now, answers: 0, at: now, isAwaited: true };
  const next = draft.patchRun(run, { gates: withGate(run, { ...(held ?? gate), last: text }) });
  if (denial.untilMs !== null) draft.lookAgainAt(denial.untilMs);
  const phase = run.stage === "Starting" ? "Progressing" : "Waiting";
  draft.patchStatus({ phase, message: `${where(next)}; ${text}.` });
  return null;
}

function released(draft: Draft, run: RunStatus): RunStatus {
  const next = draft.patchRun(run, { gates: run.gates?.filter(({ type }) => type !== SCHEDULE.type) });
  tellResumed(draft, next, "The schedule allows it now.");
  return next;
}
