/** Writes that have been sent and not been answered, by the Rollout that they are for: a pass that is interrupted leaves its own to itself. */
export class WritesUnderWay {
  readonly #counts = new Map<string, number>();

  follow(key: string, write: Promise<unknown>): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    const over = () => {
      const left = (this.#counts.get(key) ?? 0) - 1;
      if (left > 0) this.#counts.set(key, left);
      else this.#counts.delete(key);
    };
    write.then(over, over);
  }

  has(key: string): boolean {
    return this.#counts.has(key);
  }
}
