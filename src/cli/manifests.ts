import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { type Document, isNode, LineCounter, parseAllDocuments } from "yaml";
import { toError } from "../lib/errors.ts";
import { type Terminal, UsageError } from "./terminal.ts";

/** One object of a file. */
export interface Manifest {
  readonly file: string;
  readonly object: Readonly<Record<string, unknown>>;
  /** Line of a field such as `spec.steps[1].weight`, or of the nearest one around it that is there. */
  lineOf(field: string): number;
}

const EXTENSIONS = [".yaml", ".yml", ".json"];

/** All objects of files, of folders (not those within), and of `-`, standard input. Throws UsageError. */
export async function readManifests(
  paths: readonly string[],
  terminal: Terminal,
): Promise<readonly Manifest[]> {
  const manifests: Manifest[] = [];
  for (const path of paths) {
    for (const file of await filesOf(path)) {
      const text = file === "-" ? await terminal.readInput() : await orUsageError(readFile(file, "utf8"));
      manifests.push(...parseManifests(file === "-" ? "standard input" : file, text));
    }
  }
  return manifests;
}

async function filesOf(path: string): Promise<readonly string[]> {
  if (path === "-") return [path];
  const found = await orUsageError(stat(path));
  if (!found.isDirectory()) return [path];
  const names = await orUsageError(readdir(path));
  return names
    .filter((name) => EXTENSIONS.includes(extname(name)))
    .sort()
    .map((name) => join(path, name));
}

function parseManifests(file: string, text: string): readonly Manifest[] {
  const lines = new LineCounter();
  return parseAllDocuments(text, { lineCounter: lines }).flatMap((document) => {
    const [broken] = document.errors;
    if (broken !== undefined) throw new UsageError(`${file}: ${broken.message.split("\n")[0]}`);
    const object: unknown = document.toJS();
    if (object === null) return [];
    if (typeof object !== "object" || Array.isArray(object))
      throw new UsageError(`${file}: it holds no Kubernetes object`);
    return [
      {
        file,
        object: object as Manifest["object"],
        lineOf: (field: string) => lineOf(document, lines, field),
      },
    ];
  });
}

function lineOf(document: Document, lines: LineCounter, field: string): number {
  const path = [...field.matchAll(/[^.[\]]+/g)].map(([part]) => (/^\d+$/.test(part) ? Number(part) : part));
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return lines.linePos(document.range?.[0] ?? 0).line;
}

async function orUsageError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new UsageError(toError(error).message);
  }
}
