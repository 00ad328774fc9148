import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import manifest from "../../package.json" with { type: "json" };
import type { BundledPackage } from "./packages.ts";

/** A bill of materials in CycloneDX 1.6: what is in the bundle, and the Node that runs it. */
export async function sbom(packages: readonly BundledPackage[], bundle: string): Promise<object> {
  const sha256 = createHash("sha256")
    .update(await readFile(bundle))
    .digest("hex");
  const { name, version, license, dependencies } = manifest;
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": purl(name, version),
        name,
        version,
        licenses: [{ license: { id: license } }],
        hashes: [{ alg: "SHA-256", content: sha256 }],
      },
    },
    components: [
      {
        type: "platform",
        "bom-ref": `pkg:generic/node@${dependencies.node}`,
        name: "node",
        version: dependencies.node,
        purl: `pkg:generic/node@${dependencies.node}`,
      },
      ...packages.map((each) => ({
        type: "library",
        "bom-ref": purl(each.name, each.version),
        name: each.name,
        version: each.version,
        purl: purl(each.name, each.version),
        licenses: [{ expression: each.licence }],
      })),
    ],
  };
}

/** https://github.com/package-url/purl-spec: a scope's `@` is written %40. */
function purl(name: string, version: string): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}
