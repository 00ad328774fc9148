import type { Rollout } from "../api/rollout.ts";
import { readSpec, type SpecReading } from "../api/validate.ts";

interface Known {
  readonly uid: string;
  readonly generation: number;
  readonly reading: SpecReading;
}

/**
 * Specs as read, by Rollout. To read one costs more than the rest of a pass, and what comes out depends on the spec
 * alone: it is read once a generation. One entry a Rollout, until it is forgotten.
 */
export class SpecReader {
  readonly #byKey = new Map<string, Known>();

  read(key: string, { metadata, spec }: Rollout): SpecReading {
    const { uid, generation } = metadata;
    if (uid === undefined || generation === undefined) return readSpec(spec);
    const known = this.#byKey.get(key);
    if (known?.uid === uid && known.generation === generation) return known.reading;
    const reading = readSpec(spec);
    this.#byKey.set(key, { uid, generation, reading });
    return reading;
  }

  forget(key: string): void {
    this.#byKey.delete(key);
  }
}
