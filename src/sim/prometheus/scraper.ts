import type { Clock, Timer } from "../../lib/clock.ts";
import { Labels, METRIC_NAME } from "../promql/labels.ts";
import type { SeriesStore } from "./series-store.ts";

/** One line of a metrics page. Scraping is fastest when a target gives the same `labels` object every time. */
export interface ScrapedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ScrapeTarget {
  /** Attached to every series of the target, for example job, instance, pod. They win over the samples' own. */
  readonly labels: Readonly<Record<string, string>>;
  /** What the target exposes now; null when it cannot be reached. */
  collect(): readonly ScrapedSample[] | null;
}

interface Seen {
  readonly name: string;
  readonly labels: ScrapedSample["labels"];
  /** The complete label set. */
  readonly complete: Labels;
}

interface Registered {
  readonly target: ScrapeTarget;
  readonly labels: Labels;
  timer: Timer;
  /** Of the last scrape, in its order. Most scrapes bring the same series in the same order. */
  seen: readonly Seen[];
  /** Complete label sets by the sample's labels and name: to sort and join them anew costs more than the rest. */
  readonly known: WeakMap<ScrapedSample["labels"], Map<string, Labels>>;
}

/**
 * Copies what targets expose into a store, each target once an interval, spread over the interval by its labels as
 * Prometheus does. A series that is missing from a scrape, and everything of a target that is gone or unreachable,
 * gets a staleness marker. `up` tells how the scrape went.
 */
export class Scraper {
  readonly #clock: Clock;
  readonly #store: SeriesStore;
  readonly #intervalMs: number;
  readonly #targets = new Set<Registered>();

  constructor(clock: Clock, store: SeriesStore, intervalMs: number) {
    this.#clock = clock;
    this.#store = store;
    this.#intervalMs = intervalMs;
  }

  /** Scrapes the target from now on; call the result when the target is gone. */
  register(target: ScrapeTarget): () => void {
    const labels = Labels.of(target.labels);
    const registered: Registered = {
      target,
      labels,
      timer: { cancel: () => {} },
      seen: [],
      known: new WeakMap(),
    };
    this.#targets.add(registered);
    this.#schedule(registered, this.#firstDelay(labels));
    return () => this.#remove(registered);
  }

  /** Forgets all targets, without marking anything stale: as when Prometheus itself stops. */
  stop(): void {
    for (const registered of this.#targets) registered.timer.cancel();
    this.#targets.clear();
  }

  /** Scrapes every target now, whatever its turn. */
  scrapeAll(): void {
    for (const registered of this.#targets) this.#scrape(registered);
  }

  #schedule(registered: Registered, delayMs: number): void {
    registered.timer = this.#clock.setTimer(delayMs, () => {
      this.#scrape(registered);
      this.#schedule(registered, this.#intervalMs);
    });
  }

  /** Until the target's own point within the interval. */
  #firstDelay(labels: Labels): number {
    const offset = Math.floor(hash(labels.key) * this.#intervalMs);
    const into = (this.#clock.now() - offset) % this.#intervalMs;
    return into === 0 ? 0 : this.#intervalMs - into;
  }

  #scrape(registered: Registered): void {
    const nowMs = this.#clock.now();
    const samples = registered.target.collect();
    const before = registered.seen;
    let isSame = before.length === (samples?.length ?? 0);
    const now = (samples ?? []).map((sample, index): Seen => {
      const known = before[index];
      const isKnown = known !== undefined && known.labels === sample.labels && known.name === sample.name;
      isSame &&= isKnown;
      const seen = isKnown ? known : seenOf(registered, sample);
      this.#store.append(seen.complete, nowMs, sample.value);
      return seen;
    });
    if (isSame) registered.seen = before;
    else this.#replaceSeen(registered, now);
    this.#report(registered, { up: samples === null ? 0 : 1, scrape_samples_scraped: samples?.length ?? 0 });
  }

  /** Series that were there and are not any more have ended. */
  #replaceSeen(registered: Registered, now: readonly Seen[]): void {
    const present = new Set(now.map(({ complete }) => complete.key));
    for (const { complete } of registered.seen) {
      if (!present.has(complete.key)) this.#store.markStale(complete, this.#clock.now());
    }
    registered.seen = now;
  }

  #report(registered: Registered, values: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(values)) {
      this.#store.append(registered.labels.with(METRIC_NAME, name), this.#clock.now(), value);
    }
  }

  #remove(registered: Registered): void {
    if (!this.#targets.delete(registered)) return;
    registered.timer.cancel();
    const nowMs = this.#clock.now();
    for (const { complete } of registered.seen) this.#store.markStale(complete, nowMs);
    for (const name of ["up", "scrape_samples_scraped"]) {
      this.#store.markStale(registered.labels.with(METRIC_NAME, name), nowMs);
    }
  }
}

function seenOf({ target, known }: Registered, { name, labels }: ScrapedSample): Seen {
  let byName = known.get(labels);
  if (byName === undefined) {
    byName = new Map();
    known.set(labels, byName);
  }
  let complete = byName.get(name);
  if (complete === undefined) {
    complete = Labels.of({ ...labels, ...target.labels, [METRIC_NAME]: name });
    byName.set(name, complete);
  }
  return { name, labels, complete };
}

/** FNV-1a, scaled to [0, 1). */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0) / 2 ** 32;
}
