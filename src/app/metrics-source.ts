import { CredentialFolder } from "../metrics/prometheus/prometheus-auth.ts";
import { PrometheusSource } from "../metrics/prometheus/prometheus-source.ts";
import type { ControllerParts } from "./controller-parts.ts";
import { querySink } from "./own-metrics/observers.ts";

/** Where evidence comes from: the Prometheus of the settings, with credentials where there are some. */
export function createMetricsSource(parts: ControllerParts): PrometheusSource {
  const { config, clock, prometheusAdapter, metrics } = parts;
  const { prometheusCredentials: folder } = config;
  const credentials = folder === undefined ? undefined : new CredentialFolder({ folder, clock });
  return new PrometheusSource({
    clock,
    url: config.prometheus,
    auth: credentials === undefined ? undefined : () => credentials.read(),
    timeoutMs: config.prometheusTimeout,
    adapter: prometheusAdapter,
    onQuery: querySink(metrics.own.source),
  });
}
