import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The world around the controller keeps a history for whoever judges it, and may grow. */
const WORLD = ["src/sim", "src/app/simulation"];

/** What leaks look like that no field of ours leads to. */
const BUILT_IN = [
  "AbortController",
  "AbortSignal",
  "Generator",
  "Promise",
  "WeakRef",
  "FinalizationRegistry",
];

/** They have a capacity, and may take their time to fill it. */
const WITH_CAPACITY = ["BoundedMap", "RecentSet"];

/** Tells whether a name of a census (`Class`, `Class.field`) is one of the controller's. */
export async function judgedNames(): Promise<(name: string) => boolean> {
  const paths = await readdir("src", { recursive: true });
  const isJudged = (path: string) =>
    path.endsWith(".ts") && !path.endsWith(".test.ts") && !WORLD.some((folder) => path.startsWith(folder));
  const sources = await Promise.all(
    paths
      .map((path) => join("src", path))
      .filter(isJudged)
      .map((path) => readFile(path, "utf8")),
  );
  const classes = new Set([...sources.flatMap(classesIn), ...BUILT_IN]);
  for (const name of WITH_CAPACITY) classes.delete(name);
  return (name) => classes.has(name.split(".")[0] ?? "");
}

function classesIn(source: string): readonly string[] {
  return [...source.matchAll(/^(?:export )?(?:abstract )?class (\w+)/gm)].map(([, name]) => name ?? "");
}
