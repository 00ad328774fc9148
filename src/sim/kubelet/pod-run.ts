import type { ImageBehaviour } from "../image.ts";
import type { ContainerStatus, Pod } from "../kinds.ts";
import { timeMs } from "../time-text.ts";
import {
  advanceContainer,
  backoffMs,
  type ContainerPlan,
  type ContainerRun,
  type Exit,
  isContainerReady,
  newContainer,
  nextChangeAt,
} from "./container-run.ts";

/** A pod on its node. */
export interface PodRun {
  readonly boundAt: number;
  readonly ip: string;
  /** In the order of spec.containers. */
  readonly containers: readonly ContainerRun[];
  /** Since when it is being stopped; null: it is not. */
  readonly stoppingSince: number | null;
}

/** How the images of a pod's containers behave, in the order of spec.containers. */
export type Behaviours = readonly ImageBehaviour[];

const RESTARTS = { Always: "always", OnFailure: "onFailure", Never: "never" } as const;

export function containerPlans(pod: Pod, behaviours: Behaviours): readonly ContainerPlan[] {
  return pod.spec.containers.map((container, index) => ({
    behaviour: behaviours[index] as ImageBehaviour,
    initialDelayMs: (container.readinessProbe?.initialDelaySeconds ?? 0) * 1_000,
    restarts: RESTARTS[pod.spec.restartPolicy ?? "Always"],
  }));
}

/** A pod that has just been bound to its node. */
export function newPodRun(plans: readonly ContainerPlan[], ip: string, now: number): PodRun {
  return {
    boundAt: now,
    ip,
    containers: plans.map((plan) => newContainer(plan, now)),
    stoppingSince: null,
  };
}

/** A pod that an earlier kubelet ran, as far as its status tells; times in it have whole seconds. */
export function restoredPodRun(pod: Pod, plans: readonly ContainerPlan[], ip: string, now: number): PodRun {
  const boundAt = timeMs(pod.status?.startTime) || now;
  const byName = new Map((pod.status?.containerStatuses ?? []).map((status) => [status.name, status]));
  const containers = pod.spec.containers.map((container, index) => {
    const plan = plans[index] as ContainerPlan;
    const status = byName.get(container.name);
    return status === undefined ? newContainer(plan, boundAt) : restored(status, plan, boundAt, now);
  });
  return { boundAt, ip: pod.status?.podIP ?? ip, containers, stoppingSince: null };
}

function restored(status: ContainerStatus, plan: ContainerPlan, boundAt: number, now: number): ContainerRun {
  const restarts = status.restartCount;
  const lastExit = exitOf(status.lastState.terminated ?? status.state.terminated);
  const base = { ...newContainer(plan, boundAt), restarts, failures: restarts, lastExit };
  if (status.state.running !== undefined) {
    const startedAt = timeMs(status.state.running.startedAt);
    const warm = advanceContainer({ ...base, phase: "creating", until: startedAt }, plan, startedAt);
    return status.ready && warm.phase === "running"
      ? { ...warm, restarts, readyAt: startedAt }
      : { ...warm, restarts };
  }
  if (status.state.terminated !== undefined) return { ...base, phase: "exited", until: null };
  if (status.state.waiting?.reason === "CrashLoopBackOff") {
    return { ...base, phase: "crashBackOff", until: (lastExit?.finishedAt ?? now) + backoffMs(restarts) };
  }
  return base;
}

function exitOf(terminated: ContainerStatus["state"]["terminated"]): Exit | null {
  if (terminated === undefined) return null;
  return {
    exitCode: terminated.exitCode,
    startedAt: timeMs(terminated.startedAt),
    finishedAt: timeMs(terminated.finishedAt),
  };
}

export function advancePod(run: PodRun, plans: readonly ContainerPlan[], now: number): PodRun {
  const containers = run.containers.map((container, index) =>
    advanceContainer(container, plans[index] as ContainerPlan, now),
  );
  return { ...run, containers };
}

/** All containers are ready; a pod that is being stopped serves on until it is gone. */
export function areContainersReady(run: PodRun, now: number): boolean {
  return run.containers.every((container) => isContainerReady(container, now));
}

/** How long until something happens by itself; null: nothing will. */
export function nextChangeDelayMs(run: PodRun, now: number): number | null {
  const times = run.containers
    .map((container) => nextChangeAt(container, now))
    .filter((at) => at !== null)
    .map((at) => (at ?? now) - now);
  return times.length === 0 ? null : Math.min(...times);
}

/**
 * When a pod that is being stopped is gone: its slowest container's stop time after the deletion was seen, but at most
 * the grace period. Containers that do not run need no time.
 */
export function goneAt(run: PodRun, behaviours: Behaviours, graceSeconds: number): number {
  const since = run.stoppingSince ?? 0;
  const stopTimes = run.containers.map((container, index) =>
    container.phase === "running" ? (behaviours[index]?.stopTimeMs ?? 0) : 0,
  );
  return since + Math.min(graceSeconds * 1_000, Math.max(0, ...stopTimes));
}
