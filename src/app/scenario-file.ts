import { readFile } from "node:fs/promises";
import { type LoadedScenario, loadScenario } from "../sim/scenario/load.ts";

export type { LoadedScenario } from "../sim/scenario/load.ts";
export type { Transition } from "../sim/scenario/observer.ts";
export type { ScenarioResult } from "../sim/scenario/runner.ts";
export type { TimelineEntry } from "../sim/scenario/schema.ts";

/** Reads a scenario and all files that it names. Rejects with one line a problem. */
export function loadScenarioFile(path: string): Promise<LoadedScenario> {
  return loadScenario(path, (file) => readFile(file, "utf8"));
}
