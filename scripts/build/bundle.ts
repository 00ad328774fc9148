import { writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

export interface Bundle {
  readonly bytes: number;
  /** Absolute paths of the files whose code is in the bundle. */
  readonly modules: readonly string[];
}

/** Legacy `auth-provider` entries of kubeconfigs: 1.7 MB of clients that no pod needs. */
const LEFT_OUT = /src\/kube\/http\/provider-auth\.ts$/;
const INSTEAD = `export function providerAuthentication() {
  throw new Error("auth-provider entries of kubeconfigs are not supported by the image: use an exec plugin, or a token");
}`;

/** Bundles an entry and all that it imports into one ESM file for Node. */
export async function bundle(entry: string, file: string): Promise<Bundle> {
  const build = await rolldown({
    input: entry,
    platform: "node",
    // prometheus-query requires axios, we import it: without this there are two.
    resolve: { alias: { axios: fileURLToPath(import.meta.resolve("axios")) } },
    logLevel: "warn",
    // Deep imports of single files: nothing else of it is wanted (docs/decisions/0002-client-node-in-parts.md).
    treeshake: {
      moduleSideEffects: [{ test: /node_modules\/@kubernetes\/client-node/, sideEffects: false }],
    },
    plugins: [
      { name: "leave-out", load: (id) => (LEFT_OUT.test(id) ? { code: INSTEAD, moduleType: "js" } : null) },
    ],
  });
  // Names stay as they are: stack traces are read by people.
  const minify = { compress: true, mangle: false, codegen: { removeWhitespace: true } };
  const { output } = await build.generate({ format: "esm", codeSplitting: false, minify });
  await build.close();
  const [chunk, ...others] = output;
  if (others.length > 0)
    throw new Error(`The bundle fell into pieces: ${others.map((it) => it.fileName).join(", ")}`);
  assertSelfContained([...chunk.imports, ...chunk.dynamicImports].filter((name) => name !== chunk.fileName));
  const modules = Object.entries(chunk.modules).filter(([, module]) => module.renderedLength > 0);
  const code = asciiOnly(chunk.code);
  await writeFile(file, code);
  return { bytes: code.length, modules: modules.map(([id]) => id) };
}

/** The same program without letters beyond ASCII: V8 keeps the text of one that has any at two bytes for each. */
function asciiOnly(code: string): string {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** An import that is not Node's own would be looked for beside the file, where there is nothing. */
function assertSelfContained(imports: readonly string[]): void {
  const foreign = imports.filter((name) => !isBuiltin(name));
  if (foreign.length > 0) throw new Error(`The bundle imports ${foreign.join(", ")}.`);
}
