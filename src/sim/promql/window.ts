import type { Labels } from "./labels.ts";

/**
 * A series cut to one window, as functions over time get it; it holds at least one sample. Samples are copied out only
 * for functions that look at all of them: the most frequent ones look at the last.
 */
export class Window {
  readonly labels: Labels;
  readonly #times: readonly number[];
  readonly #values: readonly number[];
  readonly #from: number;
  readonly #to: number;

  /** The samples from index `from` up to, but not including, `to`. */
  constructor(
    labels: Labels,
    times: readonly number[],
    values: readonly number[],
    [from, to]: readonly [number, number] = [0, times.length],
  ) {
    this.labels = labels;
    this.#times = times;
    this.#values = values;
    this.#from = from;
    this.#to = to;
  }

  get count(): number {
    return this.#to - this.#from;
  }

  get first(): number {
    return this.#values[this.#from] as number;
  }

  get last(): number {
    return this.#values[this.#to - 1] as number;
  }

  get times(): readonly number[] {
    return this.#times.slice(this.#from, this.#to);
  }

  get values(): readonly number[] {
    return this.#values.slice(this.#from, this.#to);
  }
}
