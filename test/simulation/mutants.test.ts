import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MUTANTS } from "../../scripts/mutants/catalogue.ts";
import { seedsFor } from "../../scripts/mutants/hunt.ts";

test.each(Object.entries(MUTANTS))("what the mutant %o changes is in its file, once", (_, mutant) => {
  const source = readFileSync(mutant.file, "utf8");
  expect(source.split(mutant.from)).toHaveLength(2);
  expect(mutant.to).not.toBe(mutant.from);
});

test.each(Object.entries(MUTANTS))("the mutant %o is played by some of 200 seeds", (_, mutant) => {
  expect(seedsFor(mutant, 1, 200)).not.toEqual([]);
});
