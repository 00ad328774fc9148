import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { BenchArgs } from "../../bench.ts";
import { FAMILIES, type Family, familyNamed } from "./families.ts";
import type { Measured } from "./measure.ts";
import { accuracyPage } from "./page.ts";
import { tickMs } from "./tick.ts";
import { simulate } from "./world.ts";

/** Runs of a family. */
const RUNS = { healthy: 250, regression: 150, "no evidence": 50 } as const;
const FIRST_SEED = 100_000;
const TICK_WORLD = familyNamed("100 rps, 0.1 %").world;
const PAGE = fileURLToPath(new URL("../../../docs/verdict-accuracy.md", import.meta.url));

/** What a worker is asked for. */
export interface Job {
  readonly name: string;
  readonly runs: number;
  readonly firstSeed: number;
}

/** Measures every family and writes docs/verdict-accuracy.md (not where a filter leaves some out). */
export async function main({ scale, filter }: BenchArgs): Promise<void> {
  const families = FAMILIES.filter((family) => family.name.includes(filter));
  const jobs = families.map((family) => jobFor(family, scale));
  const measured = await work(jobs);
  const page = accuracyPage(families.map((family) => measured.get(family.name) as Measured));
  console.log(page);
  console.log(`One tick of one run: ${tickMs(simulate(TICK_WORLD, FIRST_SEED)).toFixed(2)} ms of a core.`);
  if (filter === "" && scale === 1) writeFileSync(PAGE, page);
}

function jobFor(family: Family, scale: number): Job {
  return {
    name: family.name,
    runs: Math.max(1, Math.round(RUNS[family.kind] * scale)),
    firstSeed: FIRST_SEED + 10_000 * FAMILIES.indexOf(family),
  };
}

/** One worker a core, each taking the next family when it is done. */
async function work(jobs: readonly Job[]): Promise<ReadonlyMap<string, Measured>> {
  const measured = new Map<string, Measured>();
  let next = 0;
  const one = async (): Promise<void> => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url));
    for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) {
      const result = await ask(worker, job);
      measured.set(job.name, result);
      const { runs, failed, inconclusive } = result.sluice;
      console.error(`${job.name}: ${failed} failed, ${inconclusive} inconclusive of ${runs}`);
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: Math.min(jobs.length, availableParallelism()) }, one));
  return measured;
}

function ask(worker: Worker, job: Job): Promise<Measured> {
  return new Promise((resolve, reject) => {
    worker.removeAllListeners("error").once("error", reject);
    worker.once("message", resolve);
    worker.postMessage(job);
  });
}
