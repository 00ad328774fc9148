import { appendFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { rolloutCrd } from "../src/app/rehearsal.ts";
import { everyCrashPoint } from "../src/app/simulation/crash-points.ts";
import { planText, runSeed, type SeedResult } from "../src/app/simulation/run-seed.ts";
import { STORIES } from "../src/app/simulation/stories.ts";

/** `npm run sim -- [--seeds N] [--start S] [--seed S --verbose] [--crash-points all|STORY] [--keep FILE]`: deterministic simulation, see docs/reliability.md. */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    start: { type: "string", default: "1" },
    seed: { type: "string" },
    verbose: { type: "boolean", default: false },
    /** In place of seeds: a story, or all of them, with a crash at each of its points. */
    "crash-points": { type: "string" },
    /** Ends with the first seed that fails. */
    "until-failure": { type: "boolean", default: false },
    /** Failing seeds are appended to this file. */
    keep: { type: "string" },
  },
});
const crd = await rolloutCrd();
process.exitCode =
  (await (values["crash-points"] === undefined ? playSeeds() : playCrashPoints(values["crash-points"]))) === 0
    ? 0
    : 1;

/** Resolves to the number of failures. */
async function playSeeds(): Promise<number> {
  const first = Number(values.seed ?? values.start);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  console.log(`seeds ${first} to ${first + count - 1}`);
  let failed = 0;
  let virtualMs = 0;
  for (let seed = first; seed < first + count; seed++) {
    const onLine = values.verbose ? (line: string) => console.log(line) : undefined;
    const played = await runSeed(seed, crd, onLine);
    virtualMs += played.result.virtualMs;
    if (values.seed !== undefined || played.violations.length > 0) report(played);
    if (played.violations.length === 0) continue;
    failed += 1;
    if (values["until-failure"]) return failed;
    if (values.keep !== undefined) await appendFile(values.keep, `${seed}\n`);
  }
  console.log(`${(virtualMs / 3_600_000).toFixed(1)} virtual hours`);
  console.log(`${count - failed} passed, ${failed} failed`);
  return failed;
}

function report({ seed, plan, violations, digest, result }: SeedResult): void {
  const { kills, writes } = result;
  console.log(`seed ${seed}: ${planText(plan)}; ${kills} kills, ${writes} writes, trace ${digest}`);
  for (const violation of violations) console.log(`  ${violation}`);
  if (violations.length > 0) console.log(`  replay: npm run sim -- --seed ${seed} --verbose`);
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
