import { BoundedMap } from "../lib/bounded-map.ts";

/** Runs whose conversations are remembered; those of runs under way are in their status as well. */
const MAX_RUNS = 2_000;

/** Which conversations this process has begun, by run and receiver. */
export class Threads {
  readonly #byRun = new BoundedMap<string, Readonly<Record<string, string>>>(MAX_RUNS);

  of(uid: string, runId: number): Readonly<Record<string, string>> {
    return this.#byRun.get(`${uid}/${runId}`) ?? {};
  }

  /** True when that is news. */
  keep(uid: string, runId: number, receiver: string, thread: string): boolean {
    const known = this.of(uid, runId);
    if (known[receiver] === thread) return false;
    this.#byRun.set(`${uid}/${runId}`, { ...known, [receiver]: thread });
    return true;
  }
}
