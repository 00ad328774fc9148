/** The label that holds a metric's name. */
export const METRIC_NAME = "__name__";

export type LabelPair = readonly [name: string, value: string];

/**
 * The labels of a series: sorted by name, none with an empty value (to Prometheus an empty label is a missing one).
 * Immutable; two sets with equal labels have equal keys.
 */
export class Labels {
  static readonly empty: Labels = new Labels([]);

  readonly pairs: readonly LabelPair[];
  readonly key: string;
  #nameless: Labels | null = null;

  private constructor(sorted: readonly LabelPair[]) {
    this.pairs = sorted;
    this.key = sorted.map(([name, value]) => `${name}\u0000${value}`).join("\u0001");
  }

  static of(labels: Readonly<Record<string, string>>): Labels {
    return Labels.fromPairs(Object.entries(labels));
  }

  static fromPairs(pairs: readonly LabelPair[]): Labels {
    const kept = pairs.filter(([, value]) => value !== "");
    return new Labels(kept.sort(([a], [b]) => compareText(a, b)));
  }

  /** The value of a label; empty when there is none. */
  get(name: string): string {
    for (const [own, value] of this.pairs) if (own === name) return value;
    return "";
  }

  with(name: string, value: string): Labels {
    return Labels.fromPairs([...this.pairs.filter(([own]) => own !== name), [name, value]]);
  }

  keep(names: ReadonlySet<string>): Labels {
    return new Labels(this.pairs.filter(([name]) => names.has(name)));
  }

  drop(names: ReadonlySet<string>): Labels {
    return new Labels(this.pairs.filter(([name]) => !names.has(name)));
  }

  /** Without the metric's name; the same object every time, since nearly every function asks for it. */
  nameless(): Labels {
    this.#nameless ??= this.get(METRIC_NAME) === "" ? this : this.drop(NAME_ONLY);
    return this.#nameless;
  }

  toObject(): Record<string, string> {
    return Object.fromEntries(this.pairs);
  }

  /** As Prometheus' messages have it: `{__name__="up", job="a"}`. */
  toString(): string {
    return `{${this.pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(", ")}}`;
  }
}

const NAME_ONLY: ReadonlySet<string> = new Set([METRIC_NAME]);

/** Order by code units, as Go compares strings (for ASCII). */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** By label names and values, in the order that Prometheus sorts series. */
export function compareLabels(a: Labels, b: Labels): number {
  const length = Math.min(a.pairs.length, b.pairs.length);
  for (let i = 0; i < length; i++) {
    const [nameA, valueA] = a.pairs[i] as LabelPair;
    const [nameB, valueB] = b.pairs[i] as LabelPair;
    const order = compareText(nameA, nameB) || compareText(valueA, valueB);
    if (order !== 0) return order;
  }
  return a.pairs.length - b.pairs.length;
}
