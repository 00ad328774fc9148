import type { EventText } from "../../kube/event-object.ts";
import type { Pod } from "../kinds.ts";
import { normalEvent, warningEvent } from "../workloads/event.ts";
import type { ContainerRun } from "./container-run.ts";
import { areContainersReady, type PodRun } from "./pod-run.ts";
import { pullError } from "./pod-status.ts";

type Container = Pod["spec"]["containers"][number];

/** What a user of `kubectl describe pod` is told about a change; one event per thing that happened, none repeated. */
export function podEvents(pod: Pod, before: PodRun | null, after: PodRun, now: number): readonly EventText[] {
  const events = pod.spec.containers.flatMap((container, index) =>
    containerEvents(
      pod,
      container,
      before?.containers[index] ?? null,
      after.containers[index] as ContainerRun,
    ),
  );
  return [...events, ...readinessEvents(before, after, now)];
}

function containerEvents(
  pod: Pod,
  container: Container,
  before: ContainerRun | null,
  after: ContainerRun,
): readonly EventText[] {
  const { name, image } = container;
  const hasMoved = before?.phase !== after.phase;
  if (after.phase === "running" && (hasMoved || before?.restarts !== after.restarts)) {
    const isFirst = after.restarts === 0;
    const pulled = `Container image "${image}" already present on machine`;
    return [
      ...(isFirst ? [normalEvent("Pulled", pulled)] : []),
      normalEvent("Created", `Container created: ${name}`),
      normalEvent("Started", `Container started: ${name}`),
    ];
  }
  if (!hasMoved) return [];
  switch (after.phase) {
    case "pullFailed":
      return [warningEvent("Failed", `Failed to pull image "${image}": ${pullError(image)}`)];
    case "pullBackOff":
      return [normalEvent("BackOff", `Back-off pulling image "${image}"`)];
    case "crashBackOff":
      return [
        warningEvent(
          "BackOff",
          `Back-off restarting failed container ${name} in pod ${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`,
        ),
      ];
    default:
      return [];
  }
}

/** A pod that started and is not ready fails its probe; said once, when the start is seen. */
function readinessEvents(before: PodRun | null, after: PodRun, now: number): readonly EventText[] {
  const isNeverReady = after.containers.some((it) => it.phase === "running" && it.readyAt === null);
  const wasNeverReady = before?.containers.some((it) => it.phase === "running" && it.readyAt === null);
  if (!isNeverReady || wasNeverReady === true || areContainersReady(after, now)) return [];
  return [warningEvent("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")];
}

export function killingEvents(pod: Pod): readonly EventText[] {
  return pod.spec.containers.map(({ name }) => normalEvent("Killing", `Stopping container ${name}`));
}
