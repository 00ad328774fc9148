import type { Rollout } from "../../api/rollout.ts";
import type { ControllerWrite } from "./invariant.ts";

/** How long controllers were not there, by what they wrote. */
export class Absence {
  #lastMs: number | null = null;
  #longestMs = 0;
  readonly #untilFailed = new Map<string, number>();

  wrote({ atMs, kind, object, isStatus }: ControllerWrite): void {
    this.#longestMs = Math.max(this.#longestMs, atMs - (this.#lastMs ?? atMs));
    this.#lastMs = atMs;
    const { name } = object.metadata;
    const hasFailed = kind === "Rollout" && isStatus && (object as Rollout).status?.phase === "Failed";
    if (hasFailed && !this.#untilFailed.has(name)) this.#untilFailed.set(name, this.#longestMs);
  }

  /** By name of the Rollout, in ms. */
  get untilFailed(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#untilFailed);
  }
}
