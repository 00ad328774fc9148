import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { rehearse } from "../../src/app/rehearsal.ts";
import type { PolicyRule } from "../../src/sim/apiserver/auth/authorizer.ts";
import { loadScenario } from "../../src/sim/scenario/load.ts";
import { findTool, Tool } from "../support/kubectl.ts";
import { type Right, RightsGate, rightsOf } from "../support/rights.ts";

const helmPath = findTool("helm");
if (helmPath === undefined) console.info("No helm: skipped. `node scripts/fetch-kubectl.ts` fetches it.");

/**
 * Together they take a controller through all that it does: adoption, promotion, roll-back, repair, hand-back, over routes of its
 * own and over the user's, with Services and with subsets.
 */
const STORIES = [
  "test/fixtures/rights/scenario.yaml",
  "examples/shadow/scenario.yaml",
  "examples/own-virtual-service/scenario.yaml",
  "examples/subsets/scenario.yaml",
];

/** Needed only where an admission plugin asks for it, which the embedded API server has not. */
const BY_ADMISSION: readonly Right[] = ["update sluice.dev/rollouts/finalizers"];

test.skipIf(helmPath === undefined)(
  "the chart's role grants what a release asks for, and nothing else",
  async () => {
    const rules = await rulesOfChart(new Tool(helmPath!, { kubeconfig: "/dev/null", home: tmpdir() }));
    const used = new Set<Right>();
    for (const file of STORIES) {
      const loaded = await loadScenario(file, (path) => readFile(path, "utf8"));
      const gates: RightsGate[] = [];
      const result = await rehearse({
        loaded,
        network: (server) => {
          gates.push(new RightsGate(server, rules));
          return gates[0]!;
        },
        receivers: () => async (request) => ({
          data: "ok",
          status: 200,
          statusText: "OK",
          headers: {},
          config: request,
        }),
      });
      expect(result.expectations).toBe("met");
      for (const gate of gates) {
        expect([...gate.refused]).toEqual([]);
        for (const right of gate.used) used.add(right);
      }
    }
    const granted = rightsOf(rules).filter((right) => !BY_ADMISSION.includes(right));
    expect([...used].sort()).toEqual(granted.toSorted());
  },
  60_000,
);

async function rulesOfChart(helm: Tool): Promise<readonly PolicyRule[]> {
  const text = await helm.output(["template", "sluice", "charts/sluice"]);
  const objects = parseAllDocuments(text).map((document) => document.toJS());
  const role = objects.find((it) => it?.kind === "ClusterRole" && it.metadata.name === "sluice");
  return role.rules;
}
