import { expect, test } from "vitest";
import { loadConfig } from "./config.ts";

test("flags win over the environment, which wins over defaults", () => {
  const config = loadConfig({
    flags: { drain: "5s" },
    environment: { SLUICE_DRAIN: "7s", SLUICE_CLUSTER_NAME: "eu-1", UNRELATED: "x" },
  });
  expect(config).toMatchObject({ drain: 5_000, clusterName: "eu-1", workers: 8, prometheusTimeout: 5_000 });
});

test("every value that cannot be used is named with its flag, its value and what is allowed", () => {
  expect(() =>
    loadConfig({ flags: { workers: "0", prometheus: "ftp://x", drain: "soon" }, environment: {} }),
  ).toThrow(/--prometheus "ftp:\/\/x": .*\n--drain "soon": want a duration from 0s to 10m\n--workers "0": /);
});

test("a secret that cannot be used is not shown", () => {
  expect(() => loadConfig({ flags: { prometheusToken: 7 }, environment: {} })).toThrow(/\(not shown\)/);
});
