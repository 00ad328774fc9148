import { appendFile, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { rolloutCrd } from "../src/app/rehearsal.ts";
import { everyCrashPoint } from "../src/app/simulation/crash-points.ts";
import { DEAD_STORIES, playDeadStory } from "../src/app/simulation/dead/stories.ts";
import { STORIES } from "../src/app/simulation/stories.ts";
import { reportOf, type SeedReport } from "./sim/seed-report.ts";
import { playInWorkers } from "./sim/workers.ts";

/**
 * `npm run sim -- [--seeds N] [--start S] [--seed S --verbose] [--crash-points all|STORY] [--dead] [--keep FILE]
 * [--replay FILE] [--workers N]`: deterministic simulation, see docs/reliability.md.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    start: { type: "string", default: "1" },
    seed: { type: "string" },
    /** Processes; a seed is the same whoever plays it. */
    workers: { type: "string", default: String(availableParallelism()) },
    verbose: { type: "boolean", default: false },
    /** In place of seeds: a story, or all of them, with a crash at each of its points. */
    "crash-points": { type: "string" },
    /** In place of seeds: each dependency dead for ever, one at a time. */
    dead: { type: "boolean", default: false },
    /** Ends with the first seed that fails. */
    "until-failure": { type: "boolean", default: false },
    /** Failing seeds are appended to this file. */
    keep: { type: "string" },
    /** In place of `--seeds`: the seeds that this file names, one a line. */
    replay: { type: "string" },
  },
});
const crd = await rolloutCrd();
process.exitCode = (await play()) === 0 ? 0 : 1;

/** Resolves to the number of failures. */
function play(): Promise<number> {
  if (values.dead) return playDead();
  return values["crash-points"] === undefined ? playSeeds() : playCrashPoints(values["crash-points"]);
}

/** Resolves to the number of failures. */
async function playSeeds(): Promise<number> {
  const seeds = await seedsToPlay();
  console.log(`seeds ${seeds[0]} to ${seeds.at(-1)}`);
  let played = 0;
  let failed = 0;
  let virtualMs = 0;
  for await (const report of reports(seeds)) {
    played += 1;
    virtualMs += report.virtualMs;
    if (values.seed !== undefined || report.failed) for (const line of report.lines) console.log(line);
    if (!report.failed) continue;
    failed += 1;
    if (values.keep !== undefined) await appendFile(values.keep, `${report.seed}\n`);
    if (values["until-failure"]) break;
  }
  console.log(`${(virtualMs / 3_600_000).toFixed(1)} virtual hours`);
  console.log(`${played - failed} passed, ${failed} failed`);
  return failed;
}

/** In this process when somebody reads along, else in one for each core. */
async function* reports(seeds: readonly number[]): AsyncGenerator<SeedReport> {
  if (seeds.length > 1 && !values.verbose) {
    yield* playInWorkers(seeds, Number(values.workers));
    return;
  }
  const onLine = values.verbose ? (line: string) => console.log(line) : undefined;
  for (const seed of seeds) yield await reportOf(seed, crd, onLine);
}

/** In the order in which they are reported. */
async function seedsToPlay(): Promise<readonly number[]> {
  if (values.seed !== undefined) return [Number(values.seed)];
  if (values.replay === undefined) {
    return Array.from({ length: Number(values.seeds) }, (_, index) => Number(values.start) + index);
  }
  const lines = (await readFile(values.replay, "utf8")).split("\n");
  return lines.map((line) => Number(line.split("#")[0])).filter((seed) => seed > 0);
}

async function playCrashPoints(story: string): Promise<number> {
  let passed = 0;
  let failed = 0;
  for (const [name, plan] of Object.entries(STORIES)) {
    if (story !== "all" && story !== name) continue;
    const { points, problems } = await everyCrashPoint(plan, crd);
    console.log(`${name}: ${points} crash points`);
    for (const problem of problems) console.log(`  ${problem}`);
    passed += points - problems.length;
    failed += problems.length;
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed;
}

async function playDead(): Promise<number> {
  let failed = 0;
  for (const story of DEAD_STORIES) {
    const problems = await playDeadStory(story, crd);
    console.log(`${problems.length === 0 ? "passed" : "FAILED"} ${story.title}`);
    for (const problem of problems) console.log(`  ${problem}`);
    if (problems.length > 0) failed += 1;
  }
  console.log(`${DEAD_STORIES.length - failed} passed, ${failed} failed`);
  return failed;
}
