import { CredentialFolder } from "../metrics/prometheus/prometheus-auth.ts";
import { PrometheusSource } from "../metrics/prometheus/prometheus-source.ts";
import type { ControllerParts } from "./controller-parts.ts";

/** Where evidence comes from: the Prometheus of the settings, with credentials where there are some. */
export function createMetricsSource({ config, clock, prometheusAdapter }: ControllerParts): PrometheusSource {
  const { prometheusCredentials: folder } = config;
  const credentials = folder === undefined ? undefined : new CredentialFolder({ folder, clock });
  return new PrometheusSource({
    clock,
    url: config.prometheus,
    auth: credentials === undefined ? undefined : () => credentials.read(),
    timeoutMs: config.prometheusTimeout,
    adapter: prometheusAdapter,
  });
}
