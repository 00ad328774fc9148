import { asList, asObject, asText, type JsonObject } from "../json-object.ts";
import { metadataOf, specOf, statusOf } from "./columns.ts";
import { humanDuration } from "./human-duration.ts";

/** A pod as one line: what kubectl shows in Ready, Status and Restarts. */
export interface PodSummary {
  readonly ready: string;
  readonly status: string;
  readonly restarts: string;
}

/** What has been seen so far while walking over the containers. */
interface Tally {
  ready: number;
  total: number;
  restarts: number;
  lastRestartMs: number;
  reason: string;
}

/** Follows printPod of kubernetes/pkg/printers/internalversion: the reason of the container that is worst off wins. */
export function summarizePod(pod: JsonObject, nowMs: number): PodSummary {
  const status = statusOf(pod);
  const phase = asText(status["phase"]) ?? "";
  const tally: Tally = {
    ready: 0,
    total: asList(specOf(pod)["containers"]).length + sidecarNames(pod).size,
    restarts: 0,
    lastRestartMs: Number.NaN,
    reason: gatedReason(status) ?? (asText(status["reason"]) || phase),
  };
  const initializing = tallyInitContainers(pod, tally);
  if (!initializing || hasCondition(status, "Initialized")) tallyContainers(pod, tally);
  return {
    ready: `${tally.ready}/${tally.total}`,
    status: deletionReason(pod, phase) ?? tally.reason,
    restarts: restartsText(tally, nowMs),
  };
}

function gatedReason(status: JsonObject): string | undefined {
  const scheduled = conditionOf(status, "PodScheduled");
  return scheduled?.["reason"] === "SchedulingGated" ? "SchedulingGated" : undefined;
}

function deletionReason(pod: JsonObject, phase: string): string | undefined {
  if (metadataOf(pod)["deletionTimestamp"] === undefined) return undefined;
  if (statusOf(pod)["reason"] === "NodeLost") return "Unknown";
  return phase === "Succeeded" || phase === "Failed" ? undefined : "Terminating";
}

/** Init containers that keep running beside the others. */
function sidecarNames(pod: JsonObject): ReadonlySet<unknown> {
  const containers = asList(specOf(pod)["initContainers"]).map(asObject);
  return new Set(containers.filter((each) => each["restartPolicy"] === "Always").map((each) => each["name"]));
}

/** Whether the pod is still initializing; stops at the first init container that is not done. */
function tallyInitContainers(pod: JsonObject, tally: Tally): boolean {
  const sidecars = sidecarNames(pod);
  const statuses = asList(statusOf(pod)["initContainerStatuses"]).map(asObject);
  const all = { restarts: 0, lastRestartMs: Number.NaN };
  for (const [index, container] of statuses.entries()) {
    const isSidecar = sidecars.has(container["name"]);
    countRestarts(container, all);
    if (isSidecar) countRestarts(container, tally);
    const { terminated } = statesOf(container);
    if (terminated?.["exitCode"] === 0) continue;
    if (isSidecar && container["started"] === true) {
      if (container["ready"] === true) tally.ready += 1;
      continue;
    }
    tally.reason = initReason(container, index, asList(specOf(pod)["initContainers"]).length);
    // While it initializes, the restarts of all init containers count, not those of sidecars alone.
    if (!hasCondition(statusOf(pod), "Initialized")) Object.assign(tally, all);
    return true;
  }
  return false;
}

function initReason(container: JsonObject, index: number, count: number): string {
  const { waiting, terminated } = statesOf(container);
  if (terminated !== undefined) return `Init:${terminationReason(terminated)}`;
  const reason = asText(waiting?.["reason"]) ?? "";
  return reason === "" || reason === "PodInitializing" ? `Init:${index}/${count}` : `Init:${reason}`;
}

function tallyContainers(pod: JsonObject, tally: Tally): void {
  let hasRunning = false;
  for (const container of asList(statusOf(pod)["containerStatuses"]).map(asObject).reverse()) {
    countRestarts(container, tally);
    const { waiting, terminated, running } = statesOf(container);
    if (waiting?.["reason"]) tally.reason = String(waiting["reason"]);
    else if (terminated !== undefined) tally.reason = terminationReason(terminated);
    else if (container["ready"] === true && running !== undefined) {
      hasRunning = true;
      tally.ready += 1;
    }
  }
  if (tally.reason === "Completed" && hasRunning)
    tally.reason = hasCondition(statusOf(pod), "Ready") ? "Running" : "NotReady";
}

function terminationReason(terminated: JsonObject): string {
  if (terminated["reason"]) return String(terminated["reason"]);
  return terminated["signal"] ? `Signal:${terminated["signal"]}` : `ExitCode:${terminated["exitCode"] ?? 0}`;
}

function countRestarts(container: JsonObject, tally: Pick<Tally, "restarts" | "lastRestartMs">): void {
  tally.restarts += Number(container["restartCount"] ?? 0);
  const finished = asText(asObject(asObject(container["lastState"])["terminated"])["finishedAt"]);
  const finishedMs = Date.parse(finished ?? "");
  if (!(finishedMs <= tally.lastRestartMs) && !Number.isNaN(finishedMs)) tally.lastRestartMs = finishedMs;
}

function restartsText({ restarts, lastRestartMs }: Tally, nowMs: number): string {
  if (restarts === 0 || Number.isNaN(lastRestartMs)) return String(restarts);
  return `${restarts} (${humanDuration(nowMs - lastRestartMs)} ago)`;
}

function statesOf(container: JsonObject): {
  readonly waiting: JsonObject | undefined;
  readonly running: JsonObject | undefined;
  readonly terminated: JsonObject | undefined;
} {
  const state = asObject(container["state"]);
  const member = (name: string) => (state[name] === undefined ? undefined : asObject(state[name]));
  return { waiting: member("waiting"), running: member("running"), terminated: member("terminated") };
}

/** The condition of a type, or undefined. */
export function conditionOf(status: JsonObject, type: string): JsonObject | undefined {
  return asList(status["conditions"])
    .map(asObject)
    .find((condition) => condition["type"] === type);
}

function hasCondition(status: JsonObject, type: string): boolean {
  return conditionOf(status, type)?.["status"] === "True";
}
