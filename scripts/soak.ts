import { parseArgs } from "node:util";
import { rolloutCrd } from "../src/app/rehearsal.ts";
import { LongLife } from "../src/app/simulation/long-life/long-life.ts";
import { troubleOf } from "../src/app/simulation/long-life/troubles.ts";
import { countOf, growthIn, leftOver, type Sample, unknownNames } from "./soak/growth.ts";
import { takeHeapCensus } from "./soak/heap-census.ts";
import { judgedNames } from "./soak/judged.ts";

/**
 * `npm run soak -- [--rollouts 200] [--hours 24] [--every 2] [--seed 1]`: a day in the life of one controller, in virtual
 * time. Every so many hours everything alive in the process is counted; fails when something of the controller keeps
 * growing. See docs/reliability.md.
 */
const { values } = parseArgs({
  options: {
    rollouts: { type: "string", default: "200" },
    hours: { type: "string", default: "24" },
    every: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
  },
});
const rollouts = Number(values.rollouts);
const isJudged = await judgedNames();
const samples: Sample[] = [];
const life = new LongLife({ seed: Number(values.seed), crd: await rolloutCrd(), rollouts });
await life.begin();
for (let hour = 1; hour <= Number(values.hours); hour++) {
  const startedMs = performance.now();
  await life.hour(hour - 1);
  const tookS = ((performance.now() - startedMs) / 1_000).toFixed(1);
  const { releases, promoted, failed, removed } = life.counts;
  console.log(
    `hour ${hour} (${troubleOf(hour - 1)?.title ?? "nothing happens"}) in ${tookS} s: ${releases} releases, ${promoted} promoted, ${failed} failed; ${removed} Rollouts replaced`,
  );
  if (hour % Number(values.every) === 0) samples.push(await sampleAt(hour));
}
tell();
const last = samples.at(-1)?.census ?? (await takeHeapCensus());
const problems = [
  ...life.busy.map((line) => `not at rest: ${line}`),
  ...unknownNames(last).map((name) => `nothing is called ${name} any more: mend scripts/soak/growth.ts`),
  ...leftOver(last, rollouts),
  ...growthIn(samples)
    .filter(({ what }) => isJudged(what))
    .map(({ what, counts }) => `${what} grows: ${counts.join(" ")}`),
];
for (const problem of problems) console.log(problem);
console.log(problems.length === 0 ? "nothing grows" : `${problems.length} problems`);
await life.end();
process.exitCode = problems.length === 0 ? 0 : 1;

async function sampleAt(hour: number): Promise<Sample> {
  // The snapshot collects garbage first.
  const census = await takeHeapCensus();
  globalThis.gc?.();
  return { hour, heapMb: process.memoryUsage().heapUsed / 2 ** 20, census };
}

/** Everything of the controller whose number has ever changed. */
function tell(): void {
  const names = new Set(
    samples.flatMap(({ census }) => [...census.instances.keys(), ...census.collections.keys()]),
  );
  console.log(`| | ${samples.map(({ hour }) => `${hour} h`).join(" | ")} |`);
  console.log(`| --- |${" ---: |".repeat(samples.length)}`);
  console.log(
    `| heap, MB (the whole world's) | ${samples.map(({ heapMb }) => heapMb.toFixed(1)).join(" | ")} |`,
  );
  for (const name of [...names].filter(isJudged).toSorted()) {
    const counts = samples.map(({ census }) => countOf(census, name));
    if (new Set(counts).size > 1) console.log(`| \`${name}\` | ${counts.join(" | ")} |`);
  }
}
