import { isoTime } from "../../lib/time.ts";
import type { ContainerState, ContainerStatus, Pod, PodCondition, PodStatus } from "../kinds.ts";
import { backoffMs, type ContainerRun, type Exit, isContainerReady } from "./container-run.ts";
import { areContainersReady, type PodRun } from "./pod-run.ts";

/** The status that a kubelet reports. Conditions keep their times while they do not change. */
export function podStatus(pod: Pod, run: PodRun, hostIp: string, now: number): PodStatus {
  const containers = pod.spec.containers.map((container, index) =>
    containerStatus(pod, container, run.containers[index] as ContainerRun, now),
  );
  const hasIp = pod.status?.podIP !== undefined || run.containers.some(hasStarted);
  return {
    ...pod.status,
    phase: phaseOf(run),
    conditions: conditionsOf(pod, run, now),
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(hasIp ? { podIP: run.ip, podIPs: [{ ip: run.ip }] } : {}),
    startTime: isoTime(run.boundAt),
    ...(pod.spec.initContainers === undefined ? {} : { initContainerStatuses: initStatuses(pod, run) }),
    containerStatuses: containers,
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  };
}

function hasStarted(run: ContainerRun): boolean {
  return run.phase === "running" || run.lastExit !== null;
}

function phaseOf(run: PodRun): NonNullable<PodStatus["phase"]> {
  if (run.containers.every((container) => container.phase === "exited")) {
    return run.containers.every((container) => container.lastExit?.exitCode === 0) ? "Succeeded" : "Failed";
  }
  return run.containers.every(hasStarted) ? "Running" : "Pending";
}

function conditionsOf(pod: Pod, run: PodRun, now: number): readonly PodCondition[] {
  const isReadyToServe = areContainersReady(run, now);
  const gates = (pod.spec.readinessGates ?? []).map((gate) => gate.conditionType);
  const areGatesOpen = gates.every((type) =>
    pod.status?.conditions?.some((condition) => condition.type === type && condition.status === "True"),
  );
  const notReady = unready(pod, run, now);
  const gatesClosed = {
    reason: "ReadinessGatesNotReady",
    message: 'the status of pod readiness gate is not "True"',
  };
  const wanted: readonly (readonly [string, boolean, object])[] = [
    ["PodReadyToStartContainers", run.containers.some(hasStarted), {}],
    ["Initialized", true, {}],
    ["Ready", isReadyToServe && areGatesOpen, isReadyToServe ? gatesClosed : notReady],
    ["ContainersReady", isReadyToServe, notReady],
    ["PodScheduled", true, {}],
  ];
  const own = wanted.map(([type, holds, why]) => conditionOf(pod, type, holds, why, now));
  const foreign = (pod.status?.conditions ?? []).filter(({ type }) => !own.some((it) => it.type === type));
  return [...own, ...foreign];
}

function conditionOf(pod: Pod, type: string, holds: boolean, why: object, now: number): PodCondition {
  const status = holds ? "True" : "False";
  const before = pod.status?.conditions?.find((condition) => condition.type === type);
  const since = before?.status === status ? before.lastTransitionTime : undefined;
  const generation = pod.metadata.generation;
  return {
    type,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    status,
    lastProbeTime: null,
    lastTransitionTime: since ?? isoTime(now),
    ...(holds ? {} : why),
  };
}

function unready(pod: Pod, run: PodRun, now: number): object {
  const names = pod.spec.containers
    .filter((_, index) => !isContainerReady(run.containers[index] as ContainerRun, now))
    .map((container) => container.name);
  return {
    reason: "ContainersNotReady",
    message: `containers with unready status: [${names.join(" ")}]`,
  };
}

function containerStatus(
  pod: Pod,
  container: { readonly name: string; readonly image: string },
  run: ContainerRun,
  now: number,
): ContainerStatus {
  const id = containerId(pod, container.name, run.restarts);
  const isRunning = run.phase === "running";
  return {
    name: container.name,
    state: stateOf(pod, container, run),
    lastState: run.lastExit === null || run.phase === "exited" ? {} : terminated(pod, container.name, run),
    ready: isContainerReady(run, now),
    restartCount: run.restarts,
    image: container.image,
    imageID: hasStarted(run) ? `sim://${container.image}` : "",
    ...(hasStarted(run) ? { containerID: id } : {}),
    started: isRunning,
  };
}

function containerId(pod: Pod, name: string, restarts: number): string {
  return `sim://${pod.metadata.uid ?? pod.metadata.name}/${name}/${restarts}`;
}

/** What `kubectl get pods` shows in its STATUS column while a container waits. */
function stateOf(
  pod: Pod,
  container: { readonly name: string; readonly image: string },
  run: ContainerRun,
): ContainerState {
  switch (run.phase) {
    case "creating":
      return { waiting: { reason: "ContainerCreating" } };
    case "pullFailed":
      return { waiting: { reason: "ErrImagePull", message: pullError(container.image) } };
    case "pullBackOff":
      return {
        waiting: {
          reason: "ImagePullBackOff",
          message: `Back-off pulling image "${container.image}": ErrImagePull: ${pullError(container.image)}`,
        },
      };
    case "running":
      return { running: { startedAt: isoTime(run.startedAt) } };
    case "crashBackOff":
      return { waiting: { reason: "CrashLoopBackOff", message: crashMessage(pod, container.name, run) } };
    case "exited":
      return terminated(pod, container.name, run);
  }
}

export function pullError(image: string): string {
  return `failed to pull and unpack image "${image}": not found`;
}

function crashMessage(pod: Pod, name: string, run: ContainerRun): string {
  const { namespace, uid } = pod.metadata;
  const seconds = backoffMs(run.failures - 1) / 1_000;
  return `back-off ${durationText(seconds)} restarting failed container=${name} pod=${pod.metadata.name}_${namespace}(${uid})`;
}

/** As Go prints a time.Duration of whole seconds. */
function durationText(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`;
}

function terminated(pod: Pod, name: string, run: ContainerRun): ContainerState {
  const exit = run.lastExit as Exit;
  return {
    terminated: {
      exitCode: exit.exitCode,
      reason: exit.exitCode === 0 ? "Completed" : "Error",
      startedAt: isoTime(exit.startedAt),
      finishedAt: isoTime(exit.finishedAt),
      containerID: containerId(pod, name, Math.max(0, run.restarts - (run.phase === "running" ? 1 : 0))),
    },
  };
}

/** Init containers are taken to run through in no time, and sidecars to be up as soon. */
function initStatuses(pod: Pod, run: PodRun): readonly ContainerStatus[] {
  const at = isoTime(run.boundAt);
  const done = { terminated: { exitCode: 0, reason: "Completed", startedAt: at, finishedAt: at } };
  return (pod.spec.initContainers ?? []).map(({ name, image, restartPolicy }) => {
    const isSidecar = restartPolicy === "Always";
    return {
      name,
      state: isSidecar ? { running: { startedAt: at } } : done,
      lastState: {},
      ready: true,
      restartCount: 0,
      image,
      imageID: `sim://${image}`,
      containerID: containerId(pod, name, 0),
      started: isSidecar,
    };
  });
}
