import { appendFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { rolloutCrd } from "../src/app/rehearsal.ts";
import { planText, runSeed } from "../src/app/simulation/run-seed.ts";

/** `npm run sim -- [--seeds N] [--start S] [--seed S --verbose] [--keep FILE]`: deterministic simulation, see docs/reliability.md. */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    start: { type: "string", default: "1" },
    seed: { type: "string" },
    verbose: { type: "boolean", default: false },
    /** Failing seeds are appended to this file. */
    keep: { type: "string" },
  },
});
const first = Number(values.seed ?? values.start);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const crd = await rolloutCrd();
console.log(`seeds ${first} to ${first + count - 1}`);
let failed = 0;
let virtualMs = 0;
for (let seed = first; seed < first + count; seed++) {
  const onLine = values.verbose ? (line: string) => console.log(line) : undefined;
  const { plan, violations, digest, result } = await runSeed(seed, crd, onLine);
  virtualMs += result.virtualMs;
  if (values.seed !== undefined || violations.length > 0) {
    console.log(
      `seed ${seed}: ${planText(plan)}; ${result.kills} kills, ${result.writes} writes, trace ${digest}`,
    );
  }
  for (const violation of violations) console.log(`  ${violation}`);
  if (violations.length === 0) continue;
  failed += 1;
  console.log(`  replay: npm run sim -- --seed ${seed} --verbose`);
  if (values.keep !== undefined) await appendFile(values.keep, `${seed}\n`);
}
console.log(`${(virtualMs / 3_600_000).toFixed(1)} virtual hours`);
console.log(`${count - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
