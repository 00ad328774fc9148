import type { Finding } from "../../api/preflight.ts";

/** The primary, as the source of metrics has seen it lately. */
export interface PrimarySeen {
  readonly namespace: string;
  /** Of the primary Deployment. */
  readonly primary: string;
  readonly requests: number;
  readonly minutes: number;
}

/** Without requests of the primary there is nothing to judge, and nothing to compare with. */
export function metrics({ namespace, primary, requests, minutes }: PrimarySeen): readonly Finding[] {
  if (requests > 0) return [];
  return [
    {
      check: "metrics",
      severity: "warns",
      object: { kind: "Deployment", namespace, name: primary },
      field: "metadata.name",
      what: `has no requests in the metrics of the last ${minutes} minutes`,
      why: "without them there is no evidence, and the run will pause at its first step",
      fix: `Look whether Prometheus has istio_requests_total{destination_workload="${primary}"} (does it scrape the proxies?), or whether nobody calls the service`,
    },
  ];
}
