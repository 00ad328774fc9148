import { stat } from "node:fs/promises";
import { isBuiltin } from "node:module";
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
  const { output } = await build.write({ file, format: "esm", codeSplitting: false, minify });
  await build.close();
  const [chunk, ...others] = output;
  if (others.length > 0)
    throw new Error(`The bundle fell into pieces: ${others.map((it) => it.fileName).join(", ")}`);
  assertSelfContained([...chunk.imports, ...chunk.dynamicImports].filter((name) => name !== chunk.fileName));
  const modules = Object.entries(chunk.modules).filter(([, module]) => module.renderedLength > 0);
  return { bytes: (await stat(file)).size, modules: modules.map(([id]) => id) };
}

/** An import that is not Node's own would be looked for beside the file, where there is nothing. */
function assertSelfContained(imports: readonly string[]): void {
  const foreign = imports.filter((name) => !isBuiltin(name));
  if (foreign.length > 0) throw new Error(`The bundle imports ${foreign.join(", ")}.`);
}
