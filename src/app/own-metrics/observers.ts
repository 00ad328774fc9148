import type { GateObserver } from "../../controller/gate-desk.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { ReflectorOptions } from "../../kube/reflector.ts";
import type { RestClientOptions } from "../../kube/rest-client.ts";
import type { QueueObserver } from "../../kube/work-queue.ts";
import type { PrometheusSourceOptions } from "../../metrics/prometheus/prometheus-source.ts";
import type { DispatcherOptions } from "../../notify/dispatcher.ts";
import type { OwnMetrics } from "./own-metrics.ts";

/** What other rooms tell of themselves, put into metrics. */
type Own = OwnMetrics["own"];

export function callSink({ requests, duration }: Own["api"]): NonNullable<RestClientOptions["onCall"]> {
  return ({ verb, resource, code, tookMs }) => {
    requests.add({ verb, resource, code });
    duration.observe({ verb, resource }, tookMs / 1_000);
  };
}

export function restartSink({
  watchRestarts,
}: Own["api"]): NonNullable<ReflectorOptions<KubeObject>["onRestart"]> {
  return ({ resource, reason }) => watchRestarts.add({ resource, reason });
}

export function querySink({
  queries,
  duration,
}: Own["source"]): NonNullable<PrometheusSourceOptions["onQuery"]> {
  return ({ result, tookMs }) => {
    queries.add({ result });
    if (tookMs !== null) duration.observe({}, tookMs / 1_000);
  };
}

export function deliverySink({
  notifications,
  duration,
}: Own["notifications"]): NonNullable<DispatcherOptions["onOutcome"]> {
  return (channel, result, tookMs) => {
    notifications.add({ channel, result });
    if (result === "sent") duration.observe({ channel }, tookMs / 1_000);
  };
}

export function gateObserver({ answers, duration }: Own["gates"]): GateObserver {
  return {
    answered: ({ type, result, tookMs }) => {
      answers.add({ type, result });
      duration.observe({ type }, tookMs / 1_000);
    },
  };
}

/** `passed` hears of each pass too. */
export function queueObserver(
  { wait, passes, passDuration, refused }: Own["queue"],
  passed: (key: string, tookMs: number) => void,
): QueueObserver {
  return {
    started: ({ waitedMs }) => wait.observe({}, waitedMs / 1_000),
    ended: ({ key, tookMs, outcome }) => {
      passes.add({ outcome });
      passDuration.observe({}, tookMs / 1_000);
      passed(key, tookMs);
    },
    refused: () => refused.add({}),
  };
}
