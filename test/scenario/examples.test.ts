import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { rehearse } from "../../src/app/rehearsal.ts";
import { loadScenario } from "../../src/sim/scenario/load.ts";

const EXAMPLES = readdirSync("examples")
  .map((name) => join("examples", name, "scenario.yaml"))
  .filter((file) => existsSync(file));

describe("every example ends as it promises", () => {
  test.each(EXAMPLES)(
    "%s",
    async (file) => {
      const loaded = await loadScenario(file, (path) => readFile(path, "utf8"));
      const result = await rehearse({ loaded });
      expect(result.expectations).toEqual("met");
    },
    60_000,
  );
});
