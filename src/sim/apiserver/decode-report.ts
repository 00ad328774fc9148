/** Collects what strict decoding objects to, in the order of the document. Bounded, as the real one is. */
export class DecodeReport {
  readonly #problems: string[] = [];

  unknownField(path: string): void {
    this.#add(`unknown field "${path}"`);
  }

  duplicateField(path: string): void {
    this.#add(`duplicate field "${path}"`);
  }

  get problems(): readonly string[] {
    return this.#problems;
  }

  #add(problem: string): void {
    if (this.#problems.length < MAX_PROBLEMS && !this.#problems.includes(problem))
      this.#problems.push(problem);
  }
}

const MAX_PROBLEMS = 100;
