/**
 * What a metric of our own is, before anything is measured: registering it, recording into it and documenting it all
 * start from this one value, so that none of them can be forgotten. Names follow Prometheus' conventions, and the
 * compiler sees to it: counters end in `_total`, histograms in their unit.
 */

/**
 * counter and histogram are recorded into; the observable kinds are asked for their series at each scrape, so that they
 * cost nothing between two, and a series ends with what it is about.
 */
export type MetricKind = "counter" | "histogram" | "observableCounter" | "observableGauge";

export type Labels<L extends string> = Readonly<Record<L, string>>;

interface Naming<L extends string> {
  /** One sentence: what is counted or measured, and in which cases. */
  readonly help: string;
  /** Each label with its values in words. */
  readonly labels?: Readonly<Record<L, string>>;
}

interface Seeded<L extends string> {
  /** Series that exist from the start: rates see their first increase, and graphs have no gaps. */
  readonly initial?: readonly Labels<L>[];
}

export interface MetricDefinition<K extends MetricKind = MetricKind, L extends string = string> {
  readonly kind: K;
  readonly name: string;
  readonly help: string;
  readonly labels: Readonly<Record<L, string>>;
  readonly initial: readonly Labels<L>[];
  /** Upper bounds in rising order, in the unit that the name ends with; of histograms. */
  readonly buckets: readonly number[];
}

/** Metrics of one area, by the name that code calls them. */
export type MetricArea = Readonly<Record<string, MetricDefinition<MetricKind, never>>>;

export function counter<const L extends string = never>(
  spec: Naming<L> & Seeded<L> & { readonly name: `${string}_total` },
): MetricDefinition<"counter", L> {
  return define("counter", spec);
}

export function histogram<const L extends string = never>(
  spec: Naming<L> & Seeded<L> & { readonly name: `${string}_seconds`; readonly buckets: readonly number[] },
): MetricDefinition<"histogram", L> {
  return define("histogram", spec);
}

export function observableCounter<const L extends string = never>(
  spec: Naming<L> & { readonly name: `${string}_total` },
): MetricDefinition<"observableCounter", L> {
  return define("observableCounter", spec);
}

export function observableGauge<const L extends string = never>(
  spec: Naming<L> & { readonly name: string },
): MetricDefinition<"observableGauge", L> {
  return define("observableGauge", spec);
}

function define<K extends MetricKind, L extends string>(
  kind: K,
  spec: Naming<L> & Seeded<L> & { readonly name: string; readonly buckets?: readonly number[] },
): MetricDefinition<K, L> {
  const { name, help, labels = {} as Readonly<Record<L, string>>, initial = [], buckets = [] } = spec;
  return { kind, name, help, labels, initial, buckets };
}
