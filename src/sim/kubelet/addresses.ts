import { assert } from "../../lib/assert.ts";

/** First address and size of the pod network, 10.244.0.0/16 less its first and last address. */
const FIRST = (10 << 24) | (244 << 16) | 1;
const COUNT = 2 ** 16 - 2;

/** Hands out pod addresses in turn, so that one that was given back is not soon somebody else's. */
export class AddressPool {
  readonly #used = new Set<string>();
  #next = 0;

  /** An address that nobody has. */
  take(): string {
    assert(this.#used.size < COUNT, "the pod network is full");
    for (;;) {
      const address = addressText(FIRST + (this.#next++ % COUNT));
      if (this.#used.has(address)) continue;
      this.#used.add(address);
      return address;
    }
  }

  /** Notes that somebody already has this address. */
  claim(address: string): void {
    this.#used.add(address);
  }

  giveBack(address: string): void {
    this.#used.delete(address);
  }
}

function addressText(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}
