/** What is looked at before a run touches traffic, by name: `spec.preflight.ignore` takes these. */
export const PREFLIGHT_CHECKS = {
  sidecar: {
    severity: "blocks",
    finds:
      "Canary pods outside of the mesh while the primary's are in it: no `istio-proxy` container (nor native sidecar), not captured by ambient.",
    why: "Mutual TLS to them fails where a DestinationRule insists on it, what they call under `STRICT` refuses them, no policy guards them, and they count no requests: the two sides cannot be compared.",
    fix: 'Take `sidecar.istio.io/inject: "false"` (or `hostNetwork`) off the pod template, or label the namespace again, and make the pods anew.',
  },
  "strict-mtls": {
    severity: "warns",
    finds:
      "A PeerAuthentication asks for mutual TLS (`STRICT`, of the mesh, the namespace, the workload or its port) of a workload outside of the mesh, or of a canary that enters it.",
    why: "Without a proxy nothing asks for it: callers reach the pods in plain text. What enters the mesh refuses the callers without a sidecar that it answered before.",
    fix: "Bring the workload into the mesh; while callers without a sidecar are left, let the PeerAuthentication say `PERMISSIVE` for it.",
  },
  "destination-tls": {
    severity: "blocks",
    finds:
      "A DestinationRule's `tls.mode` for one of the sides that its pods cannot answer: `DISABLE` or `SIMPLE` under `STRICT`, `ISTIO_MUTUAL` to pods outside of the mesh or under `DISABLE`.",
    why: "Every request would end in 503.",
    fix: "Take `tls` off the DestinationRule: Istio finds out by itself what each pod speaks.",
  },
  destinations: {
    severity: "blocks or warns",
    finds:
      "A route to a Service that does not exist, to a subset that no DestinationRule defines or whose labels no pod has; a DestinationRule of one of the Rollout's names whose host is no Service.",
    why: "Such requests end in 503. It blocks where the route is one that is split.",
    fix: "Put the host or the subset right.",
  },
  "virtual-service-conflict": {
    severity: "blocks or warns",
    finds: "Another VirtualService with the same host for the same gateway (delegates apart).",
    why: "Sidecars heed one VirtualService a host, the oldest; gateways join the routes of all, the oldest first. Weights have no effect where another one comes first, which blocks; else it warns.",
    fix: "Delete it, take the host or the gateway off it, or name it in `traffic.istio.virtualServices` to keep it.",
  },
  "retry-timeout": {
    severity: "warns",
    finds: "`perTryTimeout` times `attempts` is longer than the route's `timeout`.",
    why: "Later tries are cut short: a slow canary shows as timeouts of the whole request.",
    fix: "Raise `timeout`, or lower `perTryTimeout` or `attempts`.",
  },
  "retry-on-errors": {
    severity: "warns",
    finds:
      "Retries on `5xx`, `gateway-error`, `retriable-status-codes` or a 5xx code, on a route that takes methods which are not idempotent.",
    why: "A POST that failed may have been carried out: it is carried out again. And callers see fewer of the canary's errors than there are.",
    fix: "Let `retryOn` be `connect-failure,refused-stream`, or give GET a route of its own.",
  },
  "readiness-probe": {
    severity: "warns",
    finds: "The container that serves the port has no `readinessProbe`.",
    why: "Its pods get requests as soon as their process runs, before it can answer, and after it no longer can.",
    fix: "Give it a readinessProbe.",
  },
  "port-protocol": {
    severity: "warns",
    finds: "A Service port that names no protocol: neither `appProtocol` nor the beginning of its name.",
    why: "Istio guesses from the first bytes. Where it takes requests for bytes, weights are per connection, and nothing is counted that could be judged.",
    fix: "Name it `http-…`, `grpc-…`, `tcp-…`, or set `appProtocol`.",
  },
  metrics: {
    severity: "warns",
    finds: "The source of metrics has counted no request of the primary in the last minutes.",
    why: "Without requests there is no evidence, and the run pauses at its first step.",
    fix: "Look whether Prometheus scrapes the proxies, or whether nobody calls the service.",
  },
  "outlier-ejection": {
    severity: "warns",
    finds:
      "Outlier detection that may eject all canary pods at once (`maxEjectionPercent` 100, no `minHealthPercent`).",
    why: "A few errors in a row, and callers get 503 for as long as the pods are ejected: a small fault of a canary is made a whole one.",
    fix: "Lower `maxEjectionPercent` (50 leaves half of the pods), or set `minHealthPercent`.",
  },
} as const satisfies Readonly<Record<string, PreflightEntry>>;

interface PreflightEntry {
  readonly severity: "blocks" | "warns" | "blocks or warns";
  readonly finds: string;
  readonly why: string;
  readonly fix: string;
}

export type PreflightCheck = keyof typeof PREFLIGHT_CHECKS;

export const PREFLIGHT_NAMES = Object.keys(PREFLIGHT_CHECKS) as [PreflightCheck, ...PreflightCheck[]];

/** Something that is not as a release needs it. */
export interface Finding {
  readonly check: PreflightCheck;
  /** `blocks`: the run waits at weight 0, since requests would meet errors, or no verdict could be had. */
  readonly severity: "blocks" | "warns";
  /** Where it can be mended. */
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string };
  /** Within the object: `spec.http[0].retries.retryOn`. */
  readonly field: string;
  /** What is the matter, with values; parts of one sentence, without a full stop. */
  readonly what: string;
  readonly why: string;
  readonly fix: string;
}

export interface PreflightReport {
  /** Those that block first. */
  readonly findings: readonly Finding[];
  /** What could not be looked at, each with the reason. */
  readonly unseen: readonly string[];
}

/** `DestinationRule shop/checkout spec.trafficPolicy.tls.mode is DISABLE: ... Take it off.` */
export function findingText({ object: { kind, namespace, name }, what, why, fix }: Finding): string {
  return `${kind} ${namespace}/${name} ${what}: ${why}. ${fix}.`;
}

export function bySeverity(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => Number(a.severity === "warns") - Number(b.severity === "warns"));
}
