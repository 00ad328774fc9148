import type { ContainerStatus, Deployment, Pod } from "../../kube/kind/workload.ts";
import { plural, shorten } from "../../lib/text.ts";

/** Texts of pods come from outside and may be long; the sentence ends up in statuses and messages. */
const MAX_DETAIL = 160;
const MAX_SENTENCE = 320;

/** What keeps one pod from being ready; the higher the rank, the more it explains. */
interface Trouble {
  readonly rank: number;
  readonly text: string;
}

/**
 * Why fewer than `wanted` of these pods (one revision's) are ready: "1 of 3 pods ready; checkout-7d9f-abcde:
 * CrashLoopBackOff, 4 restarts, exit code 1". Null when enough are.
 */
export function notReadyReason(wanted: number, pods: readonly Pod[], deployment: Deployment): string | null {
  const alive = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  const ready = alive.filter(isReady).length;
  if (ready >= wanted) return null;
  const count = `${ready} of ${plural(wanted, "pod")} ready`;
  const cause = worstPod(alive) ?? failureToCreate(deployment, wanted - alive.length);
  return shorten(cause === null ? count : `${count}; ${cause}`, MAX_SENTENCE);
}

export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some((it) => it.type === "Ready" && it.status === "True") ?? false;
}

/** What keeps a pod that is not ready from being it. */
export function podTrouble(pod: Pod): string {
  return troubleOf(pod).text;
}

function worstPod(pods: readonly Pod[]): string | null {
  const troubled = pods
    .filter((pod) => !isReady(pod))
    .map((pod) => ({ name: pod.metadata.name, ...troubleOf(pod) }))
    .sort((a, b) => b.rank - a.rank || a.name.localeCompare(b.name));
  const worst = troubled[0];
  return worst === undefined ? null : `${worst.name}: ${worst.text}`;
}

/** A quota, an admission webhook, a missing service account: the pods were never made. */
function failureToCreate(deployment: Deployment, missing: number): string | null {
  if (missing <= 0) return null;
  const failure = deployment.status?.conditions?.find(
    (it) => it.type === "ReplicaFailure" && it.status === "True",
  );
  const many = `${plural(missing, "pod")} not created yet`;
  return failure?.message === undefined ? many : `${many}: ${shorten(failure.message, MAX_DETAIL)}`;
}

function troubleOf(pod: Pod): Trouble {
  const { status } = pod;
  if (status?.phase === "Failed") {
    return { rank: 5, text: detail(status.reason ?? "Failed", status.message) };
  }
  const containers = [
    ...containerStatuses(status?.["initContainerStatuses"]),
    ...(status?.containerStatuses ?? []),
  ];
  const worst = containers.map(containerTrouble).sort((a, b) => b.rank - a.rank)[0];
  if (worst !== undefined && worst.rank > 0) return worst;
  const unscheduled = status?.conditions?.find((it) => it.type === "PodScheduled" && it.status === "False");
  if (unscheduled !== undefined) {
    return { rank: 3, text: detail(unscheduled.reason ?? "not scheduled", unscheduled.message) };
  }
  return { rank: 0, text: status?.phase === "Running" ? "running, but not ready" : "starting" };
}

function containerStatuses(value: unknown): readonly ContainerStatus[] {
  return Array.isArray(value) ? (value as readonly ContainerStatus[]) : [];
}

/** Waiting for these is part of every start. */
const ORDINARY_WAITS: ReadonlySet<string> = new Set(["ContainerCreating", "PodInitializing"]);

function containerTrouble(status: ContainerStatus): Trouble {
  const { waiting, terminated, running } = status.state ?? {};
  if (waiting !== undefined) {
    const reason = waiting.reason ?? "waiting";
    if (ORDINARY_WAITS.has(reason)) return { rank: 0, text: reason };
    return { rank: 4, text: [...pullDetail(reason, status, waiting.message), ...history(status)].join(", ") };
  }
  if (terminated !== undefined && terminated.exitCode !== 0) {
    const reason = `${terminated.reason ?? "terminated"}, exit code ${terminated.exitCode}`;
    return { rank: 4, text: [reason, ...restarts(status)].join(", ") };
  }
  if (running !== undefined && !status.ready) {
    return {
      rank: 1,
      text: [`container ${status.name} is running, but not ready`, ...history(status)].join(", "),
    };
  }
  return { rank: 0, text: "starting" };
}

/** CrashLoopBackOff's message only says how long it waits; other reasons' say what is wrong. */
function pullDetail(reason: string, status: ContainerStatus, message: string | undefined): string[] {
  if (reason.includes("Image") || reason === "ErrImagePull")
    return [`${reason} ${status.image ?? ""}`.trim()];
  if (reason === "CrashLoopBackOff") return [reason];
  return [detail(reason, message)];
}

/** What the container did before: "4 restarts", "exit code 137 (OOMKilled)". */
function history(status: ContainerStatus): string[] {
  const last = (status["lastState"] as ContainerStatus["state"] | undefined)?.terminated;
  const exit =
    last === undefined
      ? []
      : [`exit code ${last.exitCode}${last.reason === "OOMKilled" ? " (OOMKilled)" : ""}`];
  return [...restarts(status), ...exit];
}

function restarts(status: ContainerStatus): string[] {
  return status.restartCount > 0 ? [plural(status.restartCount, "restart")] : [];
}

function detail(reason: string, message: string | undefined): string {
  return message === undefined || message === "" ? reason : `${reason}: ${shorten(message, MAX_DETAIL)}`;
}
