import { readFile } from "node:fs/promises";
import { parseAllDocuments } from "yaml";
import type { Rollout } from "../api/rollout.ts";
import { readSpec } from "../api/validate.ts";
import { toError } from "../lib/errors.ts";
import { UsageError } from "./terminal.ts";

/** The first Rollout in a YAML file, defaults filled in; whatever is wrong with it is the caller's mistake. */
export async function loadRollout(path: string): Promise<Rollout> {
  const documents = parseAllDocuments(await readText(path));
  const broken = documents.flatMap((document) => document.errors)[0];
  if (broken !== undefined) throw new UsageError(`${path}: ${broken.message.split("\n")[0]}`);
  const rollout = documents
    .map((document) => document.toJS() as Rollout | null)
    .find((object) => object?.kind === "Rollout");
  if (rollout === undefined || rollout === null) throw new UsageError(`${path}: no Rollout in it`);
  const reading = readSpec(rollout.spec);
  if (reading.ok) return { ...rollout, spec: reading.spec };
  const [problem] = reading.problems;
  throw new UsageError(`${path}: ${problem?.field}: ${problem?.message}`);
}

export async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    throw new UsageError(toError(error).message);
  });
}
