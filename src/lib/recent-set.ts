/** The last `capacity` texts that were added: remembers without growing. */
export class RecentSet {
  readonly #capacity: number;
  readonly #texts = new Set<string>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** True when it was not there. Either way it is now the most recent. */
  add(text: string): boolean {
    const isNew = !this.#texts.delete(text);
    this.#texts.add(text);
    if (this.#texts.size > this.#capacity) {
      for (const oldest of this.#texts) {
        this.#texts.delete(oldest);
        break;
      }
    }
    return isNew;
  }

  delete(text: string): boolean {
    return this.#texts.delete(text);
  }
}
