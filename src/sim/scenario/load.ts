import { dirname, resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import { ROLLOUT_GROUP, ROLLOUT_KIND } from "../../api/kind.ts";
import type { AnyObject } from "../../kube/object.ts";
import { toError } from "../../lib/errors.ts";
import { parseScenario, ScenarioFileError } from "./parse.ts";
import type { Scenario } from "./schema.ts";

/** The text of a file, by absolute path. Rejects when there is none. */
export type ReadFile = (path: string) => Promise<string>;

/** A scenario with all that its file refers to: nothing is read any more once it runs. */
export interface LoadedScenario {
  readonly scenario: Scenario;
  /** The Rollout that is observed: the first one. */
  readonly rollout: AnyObject;
  /** Everything else, in the order of the files. */
  readonly objects: readonly AnyObject[];
  /** Where objects without a namespace go: the Rollout's. */
  readonly namespace: string;
  /** Objects of the files that `apply` actions name. */
  readonly applied: ReadonlyMap<string, readonly AnyObject[]>;
}

/** Rejects with ScenarioFileError: one line a problem. */
export async function loadScenario(file: string, readFile: ReadFile): Promise<LoadedScenario> {
  const scenario = parseScenario(await textOf(file, file, readFile), file);
  const manifests = [...(scenario.rollout === undefined ? [] : [scenario.rollout]), ...scenario.manifests];
  const objects = (await Promise.all(manifests.map((entry) => objectsOf(entry, file, readFile)))).flat();
  const rollout = objects.find(isRollout);
  if (rollout === undefined) {
    throw new ScenarioFileError([`${file}: rollout: is missing; want the path of a file with a Rollout`]);
  }
  const applied = new Map<string, readonly AnyObject[]>();
  for (const { action } of scenario.timeline) {
    for (const path of action.kind === "apply" ? action.files : []) {
      applied.set(path, await objectsOf(path, file, readFile));
    }
  }
  return {
    scenario,
    rollout,
    objects: objects.filter((object) => object !== rollout),
    namespace: rollout.metadata.namespace ?? "default",
    applied,
  };
}

async function objectsOf(
  entry: string | Readonly<Record<string, unknown>>,
  file: string,
  readFile: ReadFile,
): Promise<readonly AnyObject[]> {
  if (typeof entry !== "string") return [toObject(entry, file)];
  const path = resolve(dirname(file), entry);
  const documents = parseAllDocuments(await textOf(path, file, readFile), { prettyErrors: true });
  const objects: AnyObject[] = [];
  for (const [index, document] of [...documents].entries()) {
    const [problem] = document.errors;
    if (problem !== undefined) throw new ScenarioFileError([`${path}: ${problem.message.split("\n", 1)[0]}`]);
    const value: unknown = document.toJS();
    if (value === null || value === undefined) continue;
    for (const item of itemsOf(value)) objects.push(toObject(item, `${path}: document ${index + 1}`));
  }
  return objects;
}

/** A `kind: List` is what it lists. */
function itemsOf(value: unknown): readonly unknown[] {
  const { kind, items } = value as { readonly kind?: unknown; readonly items?: unknown };
  return kind === "List" && Array.isArray(items) ? items : [value];
}

export function toObject(value: unknown, where: string): AnyObject {
  const { apiVersion, kind, metadata } = (value ?? {}) as { [member: string]: unknown };
  const objectName = (metadata as { readonly name?: unknown } | undefined)?.name;
  for (const [field, found] of Object.entries({ apiVersion, kind, "metadata.name": objectName })) {
    if (typeof found !== "string" || found === "") {
      throw new ScenarioFileError([`${where}: ${field}: is missing; want a Kubernetes object`]);
    }
  }
  return value as AnyObject;
}

export function isRollout(object: AnyObject): boolean {
  return object.kind === ROLLOUT_KIND && object.apiVersion.startsWith(`${ROLLOUT_GROUP}/`);
}

async function textOf(path: string, file: string, readFile: ReadFile): Promise<string> {
  try {
    return await readFile(path);
  } catch (thrown) {
    const what = path === file ? "" : `${file}: `;
    throw new ScenarioFileError([`${what}cannot read ${path}: ${toError(thrown).message}`], {
      cause: thrown,
    });
  }
}
