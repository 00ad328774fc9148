import type { AxiosAdapter } from "axios";
import type { Config } from "../config/config.ts";
import type { WebhookTransport } from "../gate/webhook/transport.ts";
import type { Client } from "../kube/client.ts";
import type { ObjectKey } from "../kube/object.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { SpanSink } from "../telemetry/spans.ts";
import type { OwnMetrics } from "./own-metrics/own-metrics.ts";

/** What a controller needs from outside: in production sockets and wall time, in the simulation neither. */
export interface ControllerParts {
  readonly config: Config;
  readonly client: Client;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  /** Of this process alone. */
  readonly metrics: OwnMetrics;
  /** Names this process, and no other that ever was, in events and in the Lease. */
  readonly instance: string;
  /** The controller's own namespace: where the Secrets of its own receivers are. */
  readonly namespace: string;
  /** The Lease whose holder alone may write; absent: nobody else runs. */
  readonly lease?: ObjectKey | undefined;
  /** Where traces of runs go; absent: nowhere. */
  readonly spans?: SpanSink | undefined;
  /** Replaces sockets to Prometheus. */
  readonly prometheusAdapter?: AxiosAdapter | undefined;
  /** Replaces sockets to receivers of notifications. */
  readonly receiverAdapter?: AxiosAdapter | undefined;
  /** Replaces sockets to webhooks. */
  readonly webhookTransport?: WebhookTransport | undefined;
}
