import type { Rollout } from "../api/rollout.ts";
import { evidenceQueryOf } from "../controller/evidence-query.ts";
import { intervalMsOf } from "../core/interval.ts";
import type { Arm, EvidenceQuery } from "../metrics/metrics.ts";
import { connectionQueries, latencyQuery, requestsQuery } from "../metrics/prometheus/istio-query.ts";
import { renderOwnQuery } from "../metrics/prometheus/own-query.ts";

/** A query as it goes to Prometheus' range API, one value an interval. */
export interface SentQuery {
  /** `requests and errors`, `latency`, `queue-depth of the canary`. */
  readonly title: string;
  readonly promql: string;
}

/**
 * What is asked of Prometheus for a Rollout: with the spec of its run, or of the next one. Those for requests and latency
 * are joined with those of other Rollouts that are due at the same moment; the numbers are the same.
 */
export function evidenceQueries(rollout: Rollout): readonly SentQuery[] {
  const spec = rollout.status?.run?.spec ?? rollout.spec;
  const { analysis } = spec;
  const intervalMs = intervalMsOf(analysis);
  const query = evidenceQueryOf(
    { ...rollout, spec },
    { kind: "evidence", fromMs: 0, toMs: 0, intervalMs, metrics: analysis.metrics, phase: "live" },
  );
  const arms = [query.canary, query.primary];
  const wantsLatency = analysis.metrics.some(({ name }) => name === "latency");
  return [
    ...countQueries(query, arms),
    ...(wantsLatency ? [{ title: "latency", promql: latencyQuery(arms, intervalMs) }] : []),
    ...ownQueries(query),
  ];
}

function countQueries({ counts, intervalMs }: EvidenceQuery, arms: readonly Arm[]): readonly SentQuery[] {
  if (counts === "requests")
    return [{ title: "requests and errors", promql: requestsQuery(arms, intervalMs) }];
  const { opened, closed, bytes } = connectionQueries(arms, intervalMs);
  return [
    { title: "connections opened", promql: opened },
    { title: "connections closed", promql: closed },
    { title: "bytes of connections", promql: bytes },
  ];
}

function ownQueries(query: EvidenceQuery): readonly SentQuery[] {
  return query.metrics
    .filter((metric) => metric.query !== undefined)
    .flatMap((metric) => {
      const sent = (arm: Arm) => {
        const rendered = renderOwnQuery(metric, query, arm);
        return "query" in rendered ? rendered.query : rendered.problem;
      };
      const ofCanary = { title: `${metric.name} of the canary`, promql: sent(query.canary) };
      if (metric.baseline === undefined) return [ofCanary];
      return [ofCanary, { title: `${metric.name} of the primary`, promql: sent(query.primary) }];
    });
}
