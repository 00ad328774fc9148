import { hostname } from "node:os";
import { FIELD_MANAGER } from "../api/kind.ts";
import { type Config, kubernetesEnvironment } from "../config/config.ts";
import { HttpTransport } from "../kube/http-transport.ts";
import { loadKubeconfig } from "../kube/kubeconfig.ts";
import type { ObjectKey } from "../kube/object.ts";
import { RestClient } from "../kube/rest-client.ts";
import { type Clock, SystemClock, within } from "../lib/clock.ts";
import { Prng } from "../lib/prng.ts";
import { ScaledClock } from "../lib/scaled-clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { OtlpSpans } from "../telemetry/otlp-spans.ts";
import { createPinoLogger } from "../telemetry/pino-logger.ts";
import { createController } from "./controller.ts";
import { debugApp } from "./debug.ts";
import { healthApp } from "./health.ts";
import { Liveness } from "./liveness.ts";
import { VERSION } from "./own-metrics/live-series.ts";
import { callSink } from "./own-metrics/observers.ts";
import { createOwnMetrics } from "./own-metrics/own-metrics.ts";
import { servePages } from "./serve-pages.ts";
import { shownUrl } from "./shown-settings.ts";

/** The log line that says that the caches have synced and work has begun. */
export const WORKING_MESSAGE = "controller is working";

/** A process that is asked to end is gone well before kubelets lose patience, and before a successor needs to wait. */
const GRACE_MS = 4_000;

/** Runs the controller until `asked` resolves; then ends what is under way and resolves. */
export async function runController(config: Config, asked: Promise<void>): Promise<void> {
  const clock = clockOf(config);
  // Sockets do not run faster because the playground's time does: their timeouts are in wall time.
  const network = new SystemClock();
  const logger = createPinoLogger({ level: config.logLevel });
  const prng = new Prng(clock.now() * 1_000 + process.pid);
  const access = await loadKubeconfig({
    path: config.kubeconfig,
    context: config.context,
    environment: kubernetesEnvironment(),
    clock: network,
  });
  const transport = new HttpTransport({ access, clock: network, userAgent: "sluice-controller" });
  const metrics = createOwnMetrics(config);
  metrics.registry.addProcessMetrics();
  const onCall = callSink(metrics.own.api);
  const client = new RestClient({ transport, clock: network, fieldManager: FIELD_MANAGER, onCall });
  const instance = `${hostname()}-${process.pid}-${clock.now().toString(36)}`;
  const spans = await openSpans(config, logger, instance);
  const controller = createController({
    config,
    spans,
    client,
    clock,
    random: () => prng.float(),
    logger,
    metrics,
    instance,
    namespace: access.namespace,
    lease: leaseOf(config, access.namespace),
  });
  const vitals = () => controller.vitals();
  const liveness = new Liveness({ clock: network, monotonicMs: () => performance.now(), logger, vitals });
  const pages = [
    await servePages(config.listen, healthApp({ controller, liveness, metrics: metrics.registry })),
  ];
  const memory = () => process.memoryUsage();
  const sources = { controller, liveness, logger, config, clock, instance, memory };
  pages.push(await servePages(config.debugListen, debugApp(sources)));
  logger.info("controller is starting", {
    server: access.server.origin,
    prometheus: shownUrl(config.prometheus),
    instance,
  });
  liveness.start();
  const started = controller.start().then(() => logger.info(WORKING_MESSAGE));
  await Promise.race([started.then(() => asked), asked]);
  logger.info("controller is stopping");
  await controller.stop(GRACE_MS);
  liveness.stop();
  await within(network, GRACE_MS / 4, spans?.close() ?? Promise.resolve());
  for (const page of pages) await page.close();
  transport.close();
}

/** Undefined: no traces are asked for, and nothing of them is loaded. */
async function openSpans(
  { otlpEndpoint: endpoint, clusterName }: Config,
  logger: Logger,
  instance: string,
): Promise<OtlpSpans | undefined> {
  if (endpoint === undefined) return undefined;
  const resource = {
    "service.name": "sluice",
    "service.version": VERSION,
    "service.instance.id": instance,
    ...(clusterName === undefined ? {} : { "k8s.cluster.name": clusterName }),
  };
  const { openOtlpSpans } = await import("../telemetry/otlp-spans.ts");
  return openOtlpSpans({ endpoint, resource, logger });
}

/** Where the Lease is that controllers of the same Rollouts share; undefined: this one is alone. */
function leaseOf(config: Config, ownNamespace: string): ObjectKey | undefined {
  const isInPod = kubernetesEnvironment().KUBERNETES_SERVICE_HOST !== undefined;
  if (!(config.leaderElection ?? isInPod)) return undefined;
  return {
    namespace: config.leaderElectionNamespace ?? ownNamespace,
    name: config.leaderElectionLease,
  };
}

function clockOf(config: Config): Clock {
  const system = new SystemClock();
  return config.clockSpeed === 1 ? system : new ScaledClock(system, config.clockSpeed, config.clockOrigin);
}
