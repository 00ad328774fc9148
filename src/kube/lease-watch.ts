import type { Lease } from "./kind/cluster.ts";
import { holderOf } from "./lease-record.ts";

/**
 * How long another's Lease has stood unchanged before our eyes. It counts only time that we have slept by our own timers,
 * between two looks: neither the holder's clock nor a step of ours can make a lease seem older than it is. What is not
 * counted (slow answers, a pause of this process) only makes us wait longer.
 */
export class LeaseWatch {
  #fingerprint = "";
  #durationMs = 0;
  #unchangedMs = 0;

  /** One look at the Lease (null: there is none), after having slept `sleptMs` since the last one. */
  see(lease: Lease | null, sleptMs: number): void {
    // A deleted Lease frees nobody: its holder believes in it until it looks.
    const fingerprint = lease === null ? this.#fingerprint : fingerprintOf(lease);
    if (fingerprint === this.#fingerprint) {
      this.#unchangedMs += sleptMs;
      return;
    }
    this.#fingerprint = fingerprint;
    this.#unchangedMs = 0;
    const isHeld = holderOf(lease) !== "";
    this.#durationMs = isHeld ? (lease?.spec?.leaseDurationSeconds ?? 0) * 1_000 : 0;
  }

  /** How long it must still stand unchanged until it has expired; 0 when it may be taken. */
  get remainingMs(): number {
    return Math.max(0, this.#durationMs - this.#unchangedMs);
  }
}

function fingerprintOf(lease: Lease): string {
  return JSON.stringify([lease.metadata.uid, lease.metadata.resourceVersion]);
}
