import type { Action } from "../core/decision.ts";

const ROUTING: ReadonlySet<Action["kind"]> = new Set([
  "ensureServices",
  "ensureRoutes",
  "pinCanary",
  "pointApex",
  "setTraffic",
  "removeRoutes",
  "removeServices",
]);

/**
 * Rollouts whose status knows of everything that this process has written into their routes. Of the others a drain in the
 * status may be older than the last change of traffic: the process has just begun to lead, and its predecessor may have died
 * between the two writes, or its own write of the status failed.
 */
export class KnownDrains {
  readonly #keys = new Set<string>();

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** A status that was decided on what is seen now is written, or was so already. */
  told(key: string): void {
    this.#keys.add(key);
  }

  /** A pass ended before it wrote the status: what it was to do first may have come to pass. */
  untold(key: string, actions: readonly Action[]): void {
    if (actions.some(({ kind }) => ROUTING.has(kind))) this.#keys.delete(key);
  }

  forget(key: string): void {
    this.#keys.delete(key);
  }

  clear(): void {
    this.#keys.clear();
  }
}
