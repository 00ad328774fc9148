import type { Lease } from "./kind/cluster.ts";
import { holderOf } from "./lease-record.ts";

const ABSENT = "absent";

/**
 * How long another's Lease has stood unchanged before our eyes. It counts only time that we have slept by our own timers,
 * between two looks: neither the holder's clock nor a step of ours can make a lease seem older than it is. What is not
 * counted (slow answers, a pause of this process) only makes us wait longer.
 *
 * That there is none is one more state to stand unchanged: a Lease that somebody has deleted, maybe a moment after its
 * holder renewed it, frees nobody. The holder believes in it until it looks.
 */
export class LeaseWatch {
  readonly #absentMs: number;
  #fingerprint = "";
  #durationMs = 0;
  #unchangedMs = 0;

  /** `absentMs`: how long there must have been none before one may be made. */
  constructor(absentMs: number) {
    this.#absentMs = absentMs;
  }

  /** One look at the Lease (null: there is none), after having slept `sleptMs` since the last one. */
  see(lease: Lease | null, sleptMs: number): void {
    const fingerprint = lease === null ? ABSENT : fingerprintOf(lease);
    if (fingerprint === this.#fingerprint) {
      this.#unchangedMs += sleptMs;
      return;
    }
    this.#fingerprint = fingerprint;
    this.#unchangedMs = 0;
    this.#durationMs = lease === null ? this.#absentMs : durationOf(lease);
  }

  /** How long it must still stand unchanged until it has expired; 0 when it may be taken. */
  get remainingMs(): number {
    return Math.max(0, this.#durationMs - this.#unchangedMs);
  }
}

function durationOf(lease: Lease): number {
  return holderOf(lease) === "" ? 0 : (lease.spec?.leaseDurationSeconds ?? 0) * 1_000;
}

function fingerprintOf(lease: Lease): string {
  return JSON.stringify([lease.metadata.uid, lease.metadata.resourceVersion]);
}
