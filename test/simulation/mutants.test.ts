import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { expect, test } from "vitest";
import { MUTANTS } from "../../scripts/mutants/catalogue.ts";
import { broken, mistakesOf, seedsFor } from "../../scripts/mutants/hunt.ts";

const ALL = Object.entries(MUTANTS);

test.each(ALL)("the mutant %o fits its file, and what comes of it is TypeScript", (_, mutant) => {
  for (const mistake of mistakesOf(mutant)) {
    const source = readFileSync(mistake.file, "utf8");
    const mutated = broken(source, mistake);
    expect(mutated).not.toBe(source);
    expect(stripTypeScriptTypes(mutated)).not.toBe("");
  }
});

test.each(ALL)("the mutant %o is played by some of 200 seeds", (_, mutant) => {
  expect(seedsFor(mutant, 1, 200)).not.toEqual([]);
});
