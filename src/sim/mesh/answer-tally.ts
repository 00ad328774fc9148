import type { PodGroup } from "./ground-truth.ts";
import type { Answers } from "./population.ts";

/** Answers to clients that were alike, added up by what they did to the clients. */
export class AnswerTally {
  readonly #answers = new Map<string, Answers>();

  readonly add = (count: number, setCookies: readonly string[], by: PodGroup | null): void => {
    const workload = by === null ? "" : `${by.namespace}/${by.workload}`;
    const key = `${workload}\n${setCookies.join("\n")}`;
    const before = this.#answers.get(key)?.count ?? 0;
    this.#answers.set(key, { count: before + count, setCookies, by });
  };

  list(): readonly Answers[] {
    return [...this.#answers.values()];
  }
}
