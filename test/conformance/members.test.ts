import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

/** A member is a folder in its family's folder: `router/istio`. */
const FAMILIES = {
  router: "routerContract",
  workload: "workloadContract",
  metrics: "metricsContract",
  notify: "notifierContract",
  gate: "gateContract",
} as const;

const SUITES = readdirSync("test/conformance")
  .filter((name) => name.endsWith(".test.ts") && name !== "members.test.ts")
  .map((name) => readFileSync(join("test/conformance", name), "utf8"));

const MEMBERS = Object.entries(FAMILIES).flatMap(([family, contract]) =>
  readdirSync(join("src", family), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => ({ member: `${family}/${entry.name}`, contract })),
);

describe("conformance", () => {
  test.each(MEMBERS)("$member runs $contract", ({ member, contract }) => {
    const runs = SUITES.filter(
      (text) => text.includes(`../../src/${member}/`) && text.includes(`${contract}(`),
    );
    expect(runs).not.toEqual([]);
  });

  test("has a member of every family to look at", () => {
    const found = new Set(MEMBERS.map(({ member }) => member.split("/")[0]));
    expect([...found].sort()).toEqual(Object.keys(FAMILIES).sort());
  });
});
