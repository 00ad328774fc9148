import { BoundedMap } from "../lib/bounded-map.ts";

interface Tombstone {
  readonly version: number;
  /** Counts the tombstones ever made: which were there when a list began. */
  readonly sequence: number;
}

/**
 * What we know to be gone before the watch has said so, and must not come back: by uid for good (a uid is never used
 * again), by key up to a version. Bounded: the oldest are forgotten first, and then the worst is that an object shows
 * until its DELETED event arrives.
 */
export class Tombstones {
  readonly #goneUpTo: BoundedMap<string, Tombstone>;
  #sequence = 0;

  constructor(max = 1_000) {
    this.#goneUpTo = new BoundedMap(max);
  }

  /** Number of the latest tombstone; later ones have greater numbers. */
  get sequence(): number {
    return this.#sequence;
  }

  /** `id` is a uid or a key; it is gone up to this version, or for good: Infinity. */
  add(id: string, version: number): void {
    const known = this.#goneUpTo.get(id)?.version ?? 0;
    this.#sequence += 1;
    this.#goneUpTo.set(id, { version: Math.max(known, version), sequence: this.#sequence });
  }

  covers(id: string | undefined, version: number): boolean {
    const tombstone = id === undefined ? undefined : this.#goneUpTo.get(id);
    return tombstone !== undefined && version <= tombstone.version;
  }

  delete(id: string | undefined): void {
    if (id !== undefined) this.#goneUpTo.delete(id);
  }

  /** A list that began after tombstone number `sequence` knows of them all. */
  deleteThrough(sequence: number): void {
    for (const [id, tombstone] of this.#goneUpTo) {
      if (tombstone.sequence <= sequence) this.#goneUpTo.delete(id);
    }
  }

  clear(): void {
    this.#goneUpTo.clear();
  }
}
