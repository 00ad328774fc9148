import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ROLLOUT } from "../../src/api/resource.ts";
import { apiVersionOf, type Resource, resourceText } from "../../src/kube/resource.ts";
import * as resources from "../../src/kube/resources.ts";
import { istioCrds } from "../../src/sim/crds/istio-crds.ts";

const GENERATED = new URL("../../node_modules/@kubernetes/client-node/dist/gen/apis/", import.meta.url);
const ROLLOUT_CRD = new URL("../../crds/sluice.dev_rollouts.yaml", import.meta.url);

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
}

/** One line for each way to list objects: `listNamespacedPod /api/v1/namespaces/{namespace}/pods`. */
function lineOf({ kind, plural, namespaced, group, ...rest }: Resource): string {
  const root = `/api${group === "" ? "" : "s"}/${apiVersionOf({ kind, plural, namespaced, group, ...rest })}`;
  return namespaced
    ? `listNamespaced${kind} ${root}/namespaces/{namespace}/${plural}`
    : `list${kind} ${root}/${plural}`;
}

/** From the client that is generated from Kubernetes' own OpenAPI document. */
function generatedLines(): string[] {
  const method = /async (list\w+)\([^)]*\) \{[\s\S]*?const localVarPath = '([^']+)'/g;
  return readdirSync(GENERATED)
    .filter((file) => file.endsWith("Api.js"))
    .flatMap((file) => {
      const source = readFileSync(new URL(file, GENERATED), "utf8");
      return Array.from(source.matchAll(method), ([, name, path]) => `${name} ${path}`);
    });
}

function definedLines({ spec }: Definition): string[] {
  const { group, scope, names, versions } = spec;
  return versions
    .filter(({ served }) => served)
    .map(({ name }) => lineOf({ ...names, group, version: name, namespaced: scope === "Namespaced" }));
}

describe("the resources that we name", () => {
  const definitions = [
    ...istioCrds(),
    parse(readFileSync(ROLLOUT_CRD, "utf8")),
  ] as unknown as readonly Definition[];
  const served = new Set([...generatedLines(), ...definitions.flatMap(definedLines)]);
  const ours: Resource[] = [...Object.values(resources), ROLLOUT];

  it.each(ours.map((resource) => [resourceText(resource), lineOf(resource)]))(
    "%s exist in that group and version, with that kind and scope",
    (_, line) => {
      expect(served).toContain(line);
    },
  );
});
