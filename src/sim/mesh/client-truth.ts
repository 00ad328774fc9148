import { Tally, type Window, within } from "./tally.ts";

/** A workload: `checkout-primary` in `shop`. */
export interface WorkloadName {
  readonly namespace: string;
  readonly workload: string;
}

/** Which workloads the clients of populations were served by, one after another: whether sessions stay where they are. */
export class ClientTruth {
  readonly #moves = new Map<string, Tally>();

  /** `from` and `to` are `namespace/workload`; null: clients that nobody had served before. */
  served(at: number, from: string | null, to: string, clients: number): void {
    const key = moveKey(from, to);
    let tally = this.#moves.get(key);
    if (tally === undefined) {
      tally = new Tally();
      this.#moves.set(key, tally);
    }
    tally.add(at, clients);
  }

  /** Clients whom this workload served first of all. */
  firstServed(by: WorkloadName, window: Window = {}): number {
    return this.#count(moveKey(null, nameText(by)), window);
  }

  /** How often a client that `from` had served was served by `to` next. */
  moved(from: WorkloadName, to: WorkloadName, window: Window = {}): number {
    return this.#count(moveKey(nameText(from), nameText(to)), window);
  }

  #count(key: string, window: Window): number {
    const tally = this.#moves.get(key);
    return tally === undefined ? 0 : within(tally, window);
  }
}

function nameText({ namespace, workload }: WorkloadName): string {
  return `${namespace}/${workload}`;
}

function moveKey(from: string | null, to: string): string {
  return `${from ?? ""} ${to}`;
}
