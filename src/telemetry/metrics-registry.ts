import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Labels, MetricArea, MetricDefinition } from "./metric-definition.ts";

export interface CounterMetric<L extends string> {
  add(labels: Labels<L>, amount?: number): void;
}

export interface HistogramMetric<L extends string> {
  observe(labels: Labels<L>, value: number): void;
  /** Ends a series: what it was about is gone. */
  remove(labels: Labels<L>): void;
}

export interface Sample<L extends string> {
  readonly labels: Labels<L>;
  readonly value: number;
}

/** The series of this moment, all of them; of a metric without labels its one value, or null for none. */
type Answer<L extends string> = [L] extends [never] ? () => number | null : () => Iterable<Sample<L>>;

/** A metric that is asked at each scrape; one that nobody answers for has no series. */
export interface ObservableMetric<L extends string> {
  from(read: Answer<L>): void;
}

type InstrumentOf<D> =
  D extends MetricDefinition<"counter", infer L>
    ? CounterMetric<L>
    : D extends MetricDefinition<"histogram", infer L>
      ? HistogramMetric<L>
      : D extends MetricDefinition<"observableCounter" | "observableGauge", infer L>
        ? ObservableMetric<L>
        : never;

/** What can be recorded: one member a definition. */
export type Instruments<A extends MetricArea> = { readonly [K in keyof A]: InstrumentOf<A[K]> };

export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

/** The metrics of this process, for Prometheus to scrape. Each registry is its own: nothing is global. */
export class MetricsRegistry {
  readonly #registry = new Registry();

  /** CPU, memory, event loop lag and garbage collection of the process. */
  addProcessMetrics(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Registers every metric of an area. */
  register<A extends MetricArea>(area: A): Instruments<A> {
    const instruments = Object.entries(area).map(([key, definition]) => [key, this.#instrument(definition)]);
    return Object.fromEntries(instruments) as Instruments<A>;
  }

  /** Name, type and help of all that is registered, in order. */
  describe(): readonly { readonly name: string; readonly help: string; readonly type: string }[] {
    return this.#registry.getMetricsAsArray().map((metric) => {
      const { name, help, type } = metric as unknown as Record<"name" | "help" | "type", string>;
      return { name, help, type };
    });
  }

  /** Everything in the text format of Prometheus. */
  async expose(): Promise<MetricsPage> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #instrument(definition: MetricDefinition<MetricDefinition["kind"], never>): unknown {
    switch (definition.kind) {
      case "counter":
        return this.#counter(definition);
      case "histogram":
        return this.#histogram(definition);
      case "observableCounter":
        return observable((collect) => new Counter({ ...this.#options(definition), collect }));
      case "observableGauge":
        return observable((collect) => new Gauge({ ...this.#options(definition), collect }));
    }
  }

  #counter(definition: MetricDefinition): CounterMetric<string> {
    const counter = new Counter(this.#options(definition));
    for (const labels of definition.initial) counter.inc(labels, 0);
    return { add: (labels, amount = 1) => counter.inc(labels, amount) };
  }

  #histogram(definition: MetricDefinition): HistogramMetric<string> {
    const histogram = new Histogram({ ...this.#options(definition), buckets: [...definition.buckets] });
    for (const labels of definition.initial) histogram.zero(labels);
    return {
      observe: (labels, value) => histogram.observe(labels, value),
      remove: (labels) => histogram.remove(labels),
    };
  }

  #options({ name, help, labels }: MetricDefinition) {
    return { name, help, labelNames: Object.keys(labels), registers: [this.#registry] };
  }
}

/** Series are made anew at each scrape: one whose object is gone is not there any more. */
function observable(make: (collect: (this: Gauge | Counter) => void) => unknown): ObservableMetric<string> {
  let source: () => number | null | Iterable<Sample<string>> = () => null;
  make(function () {
    this.reset();
    // A metric without labels begins anew with a series of value 0.
    this.remove({});
    const found = source();
    if (found === null) return;
    const samples = typeof found === "number" ? [{ labels: {}, value: found }] : found;
    for (const { labels, value } of samples) this.inc(labels, value);
  });
  return {
    from: (read) => {
      source = read;
    },
  };
}
