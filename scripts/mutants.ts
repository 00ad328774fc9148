import { parseArgs } from "node:util";
import { MUTANTS } from "./mutants/catalogue.ts";
import { hunt, seedsFor } from "./mutants/hunt.ts";

/**
 * `npm run mutants -- [--only NAME] [--seeds N] [--start S]`: breaks the controller on purpose, one way at a time, in a copy
 * of the sources, and shows which seed of the simulation finds out. Prints a table; fails when a mutant lives.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "2000" },
    start: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
const first = Number(values.start);
const last = first + Number(values.seeds) - 1;
const names = Object.keys(MUTANTS).filter((name) => values.only === undefined || values.only === name);
let survivors = 0;
console.log(`| mutant | caught by seed | seeds played | seconds | what was broken |
| --- | ---: | ---: | ---: | --- |`);
for (const name of names) {
  const mutant = MUTANTS[name];
  if (mutant === undefined) continue;
  const startedMs = performance.now();
  const { caught, played } = await hunt(mutant, seedsFor(mutant, first, last));
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  if (caught === null) survivors += 1;
  const { seed, broken } = caught ?? { seed: "LIVES", broken: `nothing in seeds ${first} to ${last}` };
  console.log(`| ${name} | ${seed} | ${played} | ${seconds} | ${broken.replaceAll("|", "\\|")} |`);
}
if (names.length === 0) console.error(`no such mutant; there are: ${Object.keys(MUTANTS).join(", ")}`);
process.exitCode = survivors === 0 && names.length > 0 ? 0 : 1;
