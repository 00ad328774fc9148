import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundle } from "./build/bundle.ts";
import { licenceText } from "./build/licences.ts";
import { packagesOf } from "./build/packages.ts";
import { sbom } from "./build/sbom.ts";

/**
 * `npm run build`: what the image holds, in dist/: one bundled file, the licences of what is in it, and a bill of
 * materials (CycloneDX 1.6).
 */
const DIST = "dist";
const BUNDLE = join(DIST, "sluice.mjs");

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST, { recursive: true });
const { bytes, modules } = await bundle("src/cli/image.ts", BUNDLE);
const packages = await packagesOf(modules);
await writeFile(join(DIST, "THIRD-PARTY-LICENCES.txt"), await licenceText(packages));
await writeFile(join(DIST, "sbom.cdx.json"), `${JSON.stringify(await sbom(packages, BUNDLE), null, 2)}\n`);
console.log(
  `${BUNDLE}: ${(bytes / 1e6).toFixed(2)} MB from ${modules.length} modules, ${packages.length} packages.`,
);
