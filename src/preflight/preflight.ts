import { bySeverity, type Finding, PREFLIGHT_NAMES, type PreflightCheck } from "../api/preflight.ts";
import { destinationTls } from "./checks/destination-tls.ts";
import { destinations } from "./checks/destinations.ts";
import { outlierEjection } from "./checks/outlier-ejection.ts";
import { portProtocol } from "./checks/port-protocol.ts";
import { readinessProbe } from "./checks/readiness-probe.ts";
import { retryOnErrors } from "./checks/retry-on-errors.ts";
import { retryTimeout } from "./checks/retry-timeout.ts";
import { sidecar } from "./checks/sidecar.ts";
import { strictMtls } from "./checks/strict-mtls.ts";
import { virtualServiceConflict } from "./checks/virtual-service-conflict.ts";
import type { Check, PreflightView } from "./view.ts";

/** `metrics` is asked of the source of metrics, and not of objects. */
const CHECKS: Readonly<Record<Exclude<PreflightCheck, "metrics">, Check>> = {
  sidecar,
  "strict-mtls": strictMtls,
  "destination-tls": destinationTls,
  destinations,
  "virtual-service-conflict": virtualServiceConflict,
  "retry-timeout": retryTimeout,
  "retry-on-errors": retryOnErrors,
  "readiness-probe": readinessProbe,
  "port-protocol": portProtocol,
  "outlier-ejection": outlierEjection,
};

/** What is not as a release needs it, those that block first; checks that are to be ignored are not made. */
export function preflight(view: PreflightView, ignore: readonly PreflightCheck[]): readonly Finding[] {
  const names = PREFLIGHT_NAMES.filter((name) => name !== "metrics" && !ignore.includes(name));
  return bySeverity(names.flatMap((name) => CHECKS[name as keyof typeof CHECKS](view)));
}
