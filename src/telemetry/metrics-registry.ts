import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Name and labels of a metric of our own. Series listed in `initial` exist from the start, so that graphs have no gaps. */
export interface MetricSpec<L extends string = never> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
  readonly initial?: readonly Readonly<Record<L, string>>[];
}

export type Labels<L extends string> = Readonly<Record<L, string>>;

export interface CounterMetric<L extends string> {
  add(labels: Labels<L>, amount?: number): void;
}

export interface GaugeMetric<L extends string> {
  set(labels: Labels<L>, value: number): void;
  /** Ends a series: what it was about is gone. */
  remove(labels: Labels<L>): void;
}

export interface HistogramMetric<L extends string> {
  observe(labels: Labels<L>, value: number): void;
}

/** The metrics of this process, for Prometheus to scrape. Each registry is its own: nothing is global. */
export class MetricsRegistry {
  readonly #registry = new Registry();

  /** CPU, memory, event loop lag and garbage collection of the process. */
  addProcessMetrics(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  counter<L extends string = never>(spec: MetricSpec<L>): CounterMetric<L> {
    const counter = new Counter({ ...this.#options(spec) });
    for (const labels of spec.initial ?? []) counter.inc(labels, 0);
    return { add: (labels, amount = 1) => counter.inc(labels, amount) };
  }

  gauge<L extends string = never>(spec: MetricSpec<L>): GaugeMetric<L> {
    const gauge = new Gauge({ ...this.#options(spec) });
    for (const labels of spec.initial ?? []) gauge.set(labels, 0);
    return {
      set: (labels, value) => gauge.set(labels, value),
      remove: (labels) => gauge.remove(labels),
    };
  }

  /** A gauge that is asked for its value at each scrape. */
  gaugeOf(spec: MetricSpec, read: () => number): void {
    new Gauge({
      ...this.#options(spec),
      collect() {
        this.set(read());
      },
    });
  }

  /** `buckets`: upper bounds in rising order, in the unit that the name ends with. */
  histogram<L extends string = never>(
    spec: MetricSpec<L> & { readonly buckets: readonly number[] },
  ): HistogramMetric<L> {
    const histogram = new Histogram({ ...this.#options(spec), buckets: [...spec.buckets] });
    for (const labels of spec.initial ?? []) histogram.zero(labels);
    return { observe: (labels, value) => histogram.observe(labels, value) };
  }

  /** Everything in the text format of Prometheus. */
  async expose(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #options<L extends string>(spec: MetricSpec<L>) {
    const { name, help, labels = [] } = spec;
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }
}
