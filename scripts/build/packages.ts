import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A package of which some code is in the bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression, as the package says; "NOASSERTION" when it does not. */
  readonly licence: string;
  readonly folder: string;
  /** The licence's text as the package ships it; null when it ships none. */
  readonly text: string | null;
}

/** The packages that files belong to, by name and version. */
export async function packagesOf(modules: readonly string[]): Promise<readonly BundledPackage[]> {
  const folders = new Set(modules.flatMap((path) => folderOf(path) ?? []));
  const packages = await Promise.all([...folders].map(readPackage));
  return packages.toSorted(
    (a, b) => a.name.localeCompare(b.name, "en") || a.version.localeCompare(b.version, "en"),
  );
}

function folderOf(path: string): string | null {
  return /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? null;
}

async function readPackage(folder: string): Promise<BundledPackage> {
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string | { readonly type?: string };
  };
  const { name, version, license } = manifest;
  const licence = typeof license === "string" ? license : (license?.type ?? "NOASSERTION");
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return { name, version, licence, folder, text: texts.length === 0 ? null : texts.join("\n\n") };
}
