import { counter, histogram, observableGauge } from "../../telemetry/metric-definition.ts";

const RESOURCE = "as kubectl writes it: deployments.apps, rollouts.sluice.dev/status, ...";

/** What is asked of the API server. */
export const API_METRICS = {
  requests: counter({
    name: "sluice_api_requests_total",
    help: "Requests to the API server.",
    labels: {
      verb: "get, list, watch, create, update, patch, apply or delete",
      resource: RESOURCE,
      code: "HTTP status; timeout, unreachable, or cancelled (nobody wanted the answer any more)",
    },
  }),
  duration: histogram({
    name: "sluice_api_request_duration_seconds",
    help: "How long the API server took to answer; of watches, to begin.",
    labels: { verb: "as above", resource: RESOURCE },
    buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
  }),
  watchRestarts: counter({
    name: "sluice_watch_restarts_total",
    help: "Watches that ended and were opened again.",
    labels: {
      resource: RESOURCE,
      reason:
        "ended (by the server, in time), relist (a new list was due), renewed (a term of leadership began), gone (410: its version is past), idle (it said nothing for too long), overdue (nor what the answer to a write had shown) or failed",
    },
  }),
  failing: observableGauge({
    name: "sluice_watches_failing",
    help: "Resources that cannot be listed or watched at present; /readyz names them.",
  }),
};
