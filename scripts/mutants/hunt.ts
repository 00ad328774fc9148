import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { drawPlan } from "../../src/app/simulation/draw-plan.ts";
import type { Mistake, Mutant } from "./catalogue.ts";

export interface Hunt {
  /** The first seed that fails, and the first promise that it breaks; null: the mutant lives. */
  readonly caught: { readonly seed: number; readonly broken: string } | null;
  readonly played: number;
}

/** Enough to recognise it by. */
const MAX_TEXT = 120;

/** Those from `first` to `last` whose plans have in them what the mutant gets wrong. */
export function seedsFor({ matters }: Mutant, first: number, last: number): readonly number[] {
  const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return matters === undefined ? seeds : seeds.filter((seed) => matters(drawPlan(seed)));
}

/** Plays the seeds with a broken copy of the controller, up to the first that fails. */
export async function hunt(mutant: Mutant, seeds: readonly number[]): Promise<Hunt> {
  if (seeds.length === 0) return { caught: null, played: 0 };
  const folder = await mkdtemp(join(tmpdir(), "sluice-mutant-"));
  try {
    for (const part of ["src", "scripts", "crds", "package.json"]) {
      await cp(part, join(folder, part), { recursive: true });
    }
    await symlink(resolve("node_modules"), join(folder, "node_modules"));
    for (const mistake of mistakesOf(mutant)) await breakFile(join(folder, mistake.file), mistake);
    await writeFile(join(folder, "seeds.txt"), seeds.join("\n"));
    const args = ["scripts/sim.ts", "--until-failure", "--replay", "seeds.txt"];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
    const ending = /^(\d+) passed, (\d+) failed$/m.exec(stdout);
    if (ending === null) throw new Error(`what was made of ${mutant.file} does not run: ${stderr}`);
    const failure = /^seed (\d+): .*\n {2}(.*)$/m.exec(stdout);
    const [, seed, promise = ""] = failure ?? [];
    return {
      caught: seed === undefined ? null : { seed: Number(seed), broken: promise.slice(0, MAX_TEXT) },
      played: Number(ending[1]) + Number(ending[2]),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

export function mistakesOf(mutant: Mutant): readonly Mistake[] {
  return mutant.also === undefined ? [mutant] : [mutant, mutant.also];
}

async function breakFile(path: string, mistake: Mistake): Promise<void> {
  await writeFile(path, broken(await readFile(path, "utf8"), mistake));
}

/** The source with the mistake in it. Throws when there is no, or more than one, place for it. */
export function broken(source: string, { file, from, to }: Mistake): string {
  const count = source.split(from).length - 1;
  if (count !== 1) throw new Error(`${file} has ${JSON.stringify(from)} ${count} times`);
  // A function, since a string may have $ in it.
  return source.replace(from, () => to);
}
