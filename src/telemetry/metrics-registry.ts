import { setImmediate } from "node:timers/promises";
import { Counter, collectDefaultMetrics, Histogram, type Metric, Registry } from "prom-client";
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

  /**
   * Everything in the text format of Prometheus. Thousands of series take their time: between two metrics others get their
   * turn.
   */
  async expose(): Promise<MetricsPage> {
    const parts: string[] = [];
    for (const { name } of this.describe()) {
      parts.push(await this.#registry.getSingleMetricAsString(name));
      await setImmediate();
    }
    return { contentType: this.#registry.contentType, text: `${parts.join("\n\n")}\n` };
  }

  #instrument(definition: MetricDefinition<MetricDefinition["kind"], never>): unknown {
    switch (definition.kind) {
      case "counter":
        return this.#counter(definition);
      case "histogram":
        return this.#histogram(definition);
      case "observableCounter":
        return this.#observable(definition, "counter");
      case "observableGauge":
        return this.#observable(definition, "gauge");
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

  /**
   * Series are made anew at each scrape, so that one whose object is gone is not there any more. A Gauge of prom-client would
   * keep them all between two: 7 MB for 10,000 Rollouts.
   */
  #observable({ name, help }: MetricDefinition, type: "counter" | "gauge"): ObservableMetric<string> {
    let source: () => number | null | Iterable<Sample<string>> = () => null;
    const get = async () => ({ name, help, type, values: samplesOf(source()), aggregator: "sum" });
    // What the registry asks of a metric is this and no more.
    this.#registry.registerMetric({ name, help, type, get } as unknown as Metric<string>);
    return {
      from: (read) => {
        source = read;
      },
    };
  }

  #options({ name, help, labels }: MetricDefinition) {
    return { name, help, labelNames: Object.keys(labels), registers: [this.#registry] };
  }
}

function samplesOf(answer: number | null | Iterable<Sample<string>>): readonly Sample<string>[] {
  if (answer === null) return [];
  return typeof answer === "number" ? [{ labels: {}, value: answer }] : [...answer];
}
