import type { HrTime } from "@opentelemetry/api";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import type { Logger } from "./logger.ts";
import type { Span, SpanSink } from "./spans.ts";

export interface OtlpOptions {
  /** Base URL of an OTLP/HTTP receiver; `/v1/traces` is added. */
  readonly endpoint: string;
  /** Members of the resource: service.name, service.instance.id, ... */
  readonly resource: Readonly<Record<string, string>>;
  readonly logger: Logger;
}

export interface OtlpSpans extends SpanSink {
  /** Sends what is left, and takes no more. Never rejects. */
  close(): Promise<void>;
}

/** Spans that wait to be sent; more are dropped. */
const MAX_WAITING = 2_048;
const BATCH = 256;
const EVERY_MS = 5_000;
const TIMEOUT_MS = 10_000;

/** Numbers of OpenTelemetry's enumerations (api, trace): their module is loaded only when there are traces. */
const KINDS = { internal: 0, client: 2 } as const;
const STATUS = { unset: 0, error: 2 } as const;
const SAMPLED = 1;

/**
 * Sends spans by OTLP over HTTP, in batches. The SDK is loaded here and not before: without traces it costs nothing.
 * Headers, certificates and compression are read from OpenTelemetry's own variables (OTEL_EXPORTER_OTLP_HEADERS).
 */
export async function openOtlpSpans({ endpoint, resource, logger }: OtlpOptions): Promise<OtlpSpans> {
  const [{ BatchSpanProcessor }, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import("@opentelemetry/sdk-trace"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
  ]);
  const url = `${endpoint.replace(/\/+$/, "")}/v1/traces`;
  const exporter = telling(new OTLPTraceExporter({ url, timeoutMillis: TIMEOUT_MS }), logger);
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: MAX_WAITING,
    maxExportBatchSize: BATCH,
    scheduledDelayMillis: EVERY_MS,
    exportTimeoutMillis: TIMEOUT_MS,
  });
  const common = {
    resource: resourceFromAttributes({ ...resource }),
    instrumentationScope: { name: "sluice" },
  };
  return {
    emit: (span) => processor.onEnd({ ...readable(span), ...common }),
    // Spans that are lost on the way have been told of.
    close: () => processor.shutdown().catch(() => {}),
  };
}

/** Says once that spans are lost, until some arrive again; the SDK itself is silent about it. */
function telling(exporter: SpanExporter, logger: Logger): SpanExporter {
  let isFailing = false;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const isLost = result.code !== 0;
        // The message alone: the SDK hangs answers of servers on its errors.
        const { name, message } = result.error ?? new Error("unknown");
        if (isLost && !isFailing)
          logger.warn("traces are lost", { spans: spans.length, reason: `${name}: ${message}` });
        isFailing = isLost;
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

function readable(span: Span): Omit<ReadableSpan, "resource" | "instrumentationScope"> {
  const context = (spanId: string) => ({ traceId: span.traceId, spanId, traceFlags: SAMPLED });
  const { error, parentId } = span;
  return {
    name: span.name,
    kind: KINDS[span.kind],
    spanContext: () => context(span.spanId),
    ...(parentId === undefined ? {} : { parentSpanContext: context(parentId) }),
    startTime: hrTime(span.startMs),
    endTime: hrTime(span.endMs),
    duration: hrTime(span.endMs - span.startMs),
    status: error === undefined ? { code: STATUS.unset } : { code: STATUS.error, message: error },
    attributes: { ...span.attributes },
    links: [],
    events: [],
    ended: true,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}
