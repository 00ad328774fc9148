import { assertNever } from "../../lib/assert.ts";
import type { ImageBehaviour } from "../image.ts";

/** How a container last ended. */
export interface Exit {
  readonly exitCode: number;
  readonly startedAt: number;
  readonly finishedAt: number;
}

/**
 * Where a container is in its life. Times are milliseconds since the epoch; `until` is when the phase ends by itself
 * (null: never).
 */
export interface ContainerRun {
  readonly phase: "creating" | "pullFailed" | "pullBackOff" | "running" | "crashBackOff" | "exited";
  readonly until: number | null;
  /** Running: since when, and from when on it is ready (null: never). */
  readonly startedAt: number;
  readonly readyAt: number | null;
  readonly restarts: number;
  /** Failed pulls, or crashes in a row; they set the next delay. */
  readonly failures: number;
  readonly lastExit: Exit | null;
}

/** What a container's image and spec say about its course. */
export interface ContainerPlan {
  readonly behaviour: ImageBehaviour;
  /** No readiness before this long after the start. */
  readonly initialDelayMs: number;
  readonly restarts: "always" | "onFailure" | "never";
}

/** Kubelet's MaxContainerBackOff and its start; pulls back off alike. */
const FIRST_BACKOFF_MS = 10_000;
const MAX_BACKOFF_MS = 300_000;
/** A container that has run this long starts over with its backoff. */
const BACKOFF_RESET_MS = 2 * MAX_BACKOFF_MS;
/** Sandbox, network and a local image take at most this long; the rest of startTimeMs is the program's own start. */
const MAX_CREATION_MS = 1_000;
/** A failed pull shows as ErrImagePull for so long. */
const PULL_ERROR_SHOWN_MS = 2_000;

export function backoffMs(failures: number): number {
  return Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 10));
}

function creationMs(behaviour: ImageBehaviour): number {
  return Math.min(MAX_CREATION_MS, behaviour.startTimeMs / 2);
}

/** A container that is about to be made, at `now`. */
export function newContainer(plan: ContainerPlan, now: number): ContainerRun {
  return {
    phase: "creating",
    until: now + creationMs(plan.behaviour),
    startedAt: 0,
    readyAt: null,
    restarts: 0,
    failures: 0,
    lastExit: null,
  };
}

/** The container as it is at `now`, after all that has happened since. */
export function advanceContainer(run: ContainerRun, plan: ContainerPlan, now: number): ContainerRun {
  let current = adapted(run, plan, now);
  while (current.until !== null && current.until <= now) current = next(current, plan, current.until);
  return current;
}

/** A container that runs may be told at any time that it behaves differently from now on. */
function adapted(run: ContainerRun, { behaviour }: ContainerPlan, now: number): ContainerRun {
  if (run.phase !== "running") return run;
  const until = behaviour.crashAfterMs === null ? null : run.startedAt + behaviour.crashAfterMs;
  const readyAt = behaviour.neverReady ? null : (run.readyAt ?? now);
  if (until === run.until && readyAt === run.readyAt) return run;
  return { ...run, readyAt, until: until === null || until === run.until ? until : Math.max(until, now) };
}

function next(run: ContainerRun, plan: ContainerPlan, at: number): ContainerRun {
  switch (run.phase) {
    case "creating":
      return plan.behaviour.pullError ? failPull(run, at) : start(run, plan, at);
    case "pullFailed":
      return { ...run, phase: "pullBackOff", until: at + backoffMs(run.failures) };
    case "pullBackOff":
      // A retry that fails again shows no more than a longer wait.
      return plan.behaviour.pullError
        ? { ...run, failures: run.failures + 1, until: at + backoffMs(run.failures + 1) }
        : start({ ...run, failures: 0 }, plan, at);
    case "running":
      return exit(run, plan, at);
    case "crashBackOff":
      return start({ ...run, restarts: run.restarts + 1 }, plan, at);
    case "exited":
      return { ...run, until: null };
    default:
      return assertNever(run.phase);
  }
}

function failPull(run: ContainerRun, at: number): ContainerRun {
  return { ...run, phase: "pullFailed", failures: run.failures + 1, until: at + PULL_ERROR_SHOWN_MS };
}

function start(run: ContainerRun, plan: ContainerPlan, at: number): ContainerRun {
  const { behaviour, initialDelayMs } = plan;
  const warmUpMs = Math.max(behaviour.startTimeMs - creationMs(behaviour), initialDelayMs);
  return {
    ...run,
    phase: "running",
    until: behaviour.crashAfterMs === null ? null : at + behaviour.crashAfterMs,
    startedAt: at,
    readyAt: behaviour.neverReady ? null : at + warmUpMs,
  };
}

/** The first restart comes at once, the next ones after a growing delay. */
function exit(run: ContainerRun, plan: ContainerPlan, at: number): ContainerRun {
  const lastExit: Exit = { exitCode: 1, startedAt: run.startedAt, finishedAt: at };
  if (plan.restarts === "never") {
    return { ...run, phase: "exited", until: null, readyAt: null, lastExit };
  }
  const isSteady = at - run.startedAt >= BACKOFF_RESET_MS;
  const failures = isSteady ? 0 : run.failures;
  const crashed = { ...run, readyAt: null, lastExit, failures: failures + 1 };
  if (failures === 0) return start({ ...crashed, restarts: run.restarts + 1 }, plan, at);
  return { ...crashed, phase: "crashBackOff", until: at + backoffMs(failures) };
}

export function isContainerReady(run: ContainerRun, now: number): boolean {
  return run.phase === "running" && run.readyAt !== null && run.readyAt <= now;
}

/** When to look again: the phase ends, or readiness begins. null: nothing will happen by itself. */
export function nextChangeAt(run: ContainerRun, now: number): number | null {
  const times = [run.until, run.phase === "running" ? run.readyAt : null];
  const future = times.filter((at) => at !== null && at > now).map((at) => at ?? now);
  return future.length === 0 ? null : Math.min(...future);
}
