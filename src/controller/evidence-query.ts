import { namesOf } from "../api/names.ts";
import { isHttpPort } from "../api/protocol.ts";
import type { Rollout } from "../api/rollout.ts";
import type { Ask } from "../core/ask.ts";
import { formatDuration } from "../lib/duration.ts";
import type { EvidenceQuery } from "../metrics/metrics.ts";

/** What is asked of the metrics source for a Rollout whose spec is the one in force. */
export function evidenceQueryOf(inForce: Rollout, ask: Ask): EvidenceQuery {
  const { name, namespace = "default" } = inForce.metadata;
  const names = namesOf(inForce);
  const { portName, appProtocol } = inForce.spec.service;
  return {
    canary: { namespace, workload: names.target },
    primary: { namespace, workload: names.primary },
    variables: {
      name,
      namespace,
      target: names.target,
      primary: names.primary,
      service: names.apexService,
      interval: formatDuration(ask.intervalMs),
    },
    intervalMs: ask.intervalMs,
    fromMs: ask.fromMs,
    toMs: ask.toMs,
    metrics: ask.metrics,
    phase: ask.phase,
    counts: isHttpPort({ name: portName, appProtocol }) ? "requests" : "connections",
  };
}
