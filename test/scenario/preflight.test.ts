import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { rehearse } from "../../src/app/rehearsal.ts";
import { loadScenario } from "../../src/sim/scenario/load.ts";

test("without preflight, requests to a canary without a sidecar fail until evidence rolls it back", async () => {
  const file = "examples/missing-sidecar/without-preflight.yaml";
  const loaded = await loadScenario(file, (path) => readFile(path, "utf8"));
  const result = await rehearse({ loaded });
  expect(result.expectations).toBe("met");
}, 60_000);
