import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { SeedReport } from "./seed-report.ts";

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

/** Reports of seeds in their order, played by so many processes at once. Leaving the loop ends them. */
export async function* playInWorkers(seeds: readonly number[], workers: number): AsyncGenerator<SeedReport> {
  const waiting = [...seeds];
  const done = new Map<number, SeedReport>();
  const children = Array.from({ length: Math.min(workers, seeds.length) }, () => fork(WORKER));
  const running = new Map<ChildProcess, ReturnType<typeof answerOf>>();
  const playNext = (child: ChildProcess): void => {
    const seed = waiting.shift();
    if (seed === undefined) running.delete(child);
    else running.set(child, answerOf(child, seed));
  };
  for (const child of children) playNext(child);
  try {
    for (const seed of seeds) {
      while (!done.has(seed)) {
        const { child, report } = await Promise.race(running.values());
        done.set(report.seed, report);
        playNext(child);
      }
      yield done.get(seed) as SeedReport;
    }
  } finally {
    // What is still being played interests nobody any more.
    for (const answer of running.values()) answer.catch(() => {});
    for (const child of children) child.disconnect();
  }
}

/** Rejects when the process ends first: a seed that does so is worse than one that fails. */
async function answerOf(
  child: ChildProcess,
  seed: number,
): Promise<{ readonly child: ChildProcess; readonly report: SeedReport }> {
  const ended = new AbortController();
  const { signal } = ended;
  const died = once(child, "exit", { signal }).then(([code]) => {
    throw new Error(`the process that played seed ${seed} ended with ${code}`);
  });
  died.catch(() => {});
  child.send(seed);
  try {
    const [report] = await Promise.race([once(child, "message", { signal }), died]);
    return { child, report: report as SeedReport };
  } finally {
    ended.abort();
  }
}
