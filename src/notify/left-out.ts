import { BoundedMap } from "../lib/bounded-map.ts";
import type { Missed } from "./channel.ts";

/** Receivers for which something was left out. */
const MAX_RECEIVERS = 1_000;
/** Titles that are kept for each. */
const MAX_TITLES = 3;

/** What each receiver was not told, until a later message tells it so. */
export class LeftOut {
  readonly #byReceiver = new BoundedMap<string, Missed>(MAX_RECEIVERS);

  note(receiver: string, title: string): void {
    const { count, titles } = this.of(receiver) ?? { count: 0, titles: [] };
    this.#byReceiver.set(receiver, { count: count + 1, titles: [...titles, title].slice(-MAX_TITLES) });
  }

  of(receiver: string): Missed | null {
    return this.#byReceiver.get(receiver) ?? null;
  }

  /** It has been told so. What was left out since then stays. */
  told(receiver: string, missed: Missed): void {
    const now = this.of(receiver);
    if (now === null) return;
    const count = now.count - missed.count;
    if (count <= 0) this.#byReceiver.delete(receiver);
    else this.#byReceiver.set(receiver, { count, titles: now.titles.slice(-Math.min(count, MAX_TITLES)) });
  }
}
