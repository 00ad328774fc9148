import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadConfig } from "./config.ts";
import { readConfigFile } from "./config-file.ts";

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

test("the environment wins over the file, which wins over defaults", () => {
  const file = { path: "sluice.yaml", values: { drain: "9s", workers: 3, namespaces: ["shop", "pay"] } };
  const config = loadConfig({ flags: {}, environment: { SLUICE_DRAIN: "7s" }, file });
  expect(config).toMatchObject({ drain: 7_000, workers: 3, namespaces: ["shop", "pay"] });
});

test("each wrong value is named as it was given", () => {
  const file = { path: "sluice.yaml", values: { workers: 100, namespaces: ["shop", "No Name"] } };
  const load = () => loadConfig({ flags: {}, environment: { SLUICE_DRAIN: "soon" }, file });
  expect(load).toThrow(/^sluice\.yaml: namespaces\[1\] .*: want names of namespaces$/m);
  expect(load).toThrow(/^sluice\.yaml: workers 100: /m);
  expect(load).toThrow(/^SLUICE_DRAIN "soon": want a duration from 0s to 10m$/m);
});

test("a setting that is not known is told, with the one that was probably meant", () => {
  const file = { path: "sluice.yaml", values: { prometeus: "http://x" } };
  expect(() => loadConfig({ flags: {}, environment: {}, file })).toThrow(
    "sluice.yaml: prometeus: no such setting (did you mean prometheus?)",
  );
});

test("namespaces may be given as text with commas", () => {
  const config = loadConfig({ flags: { namespaces: "shop, pay" }, environment: {} });
  expect(config.namespaces).toEqual(["shop", "pay"]);
});

describe("a file of settings", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-config-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ["is not there", null, /reading the settings in .*: ENOENT/],
    ["is no YAML", "a: [", /reading the settings in /],
    ["is no mapping", "- drain", /want a mapping of settings/],
  ])("that %s is refused in one message", (what, text, message) => {
    const path = join(folder, `${what}.yaml`);
    if (text !== null) writeFileSync(path, text);
    expect(() => readConfigFile(path)).toThrow(message);
  });

  test("may be empty", () => {
    const path = join(folder, "empty.yaml");
    writeFileSync(path, "# nothing\n");
    expect(readConfigFile(path).values).toEqual({});
  });

  test("receivers of every Rollout may be a list, or JSON in a flag; what is wrong with one is named", () => {
    const entry = { teams: { secretRef: { name: "teams" } }, minSeverity: "error" };
    for (const notifications of [[entry], JSON.stringify([entry])]) {
      const config = loadConfig({ flags: { notifications }, environment: {} });
      expect(config.notifications).toMatchObject([
        { teams: { secretRef: { key: "url" } }, onlyIfNone: false },
      ]);
    }
    const load = (...notifications: unknown[]) => loadConfig({ flags: { notifications }, environment: {} });
    expect(() => load({ ...entry, discord: entry.teams })).toThrow(
      "[0]: teams and discord are set; exactly one of slack, teams, discord, googleChat, webhook must be",
    );
    expect(() => load({ ...entry, title: "{{ foo }}" })).toThrow("[0].title: unknown variable {{ foo }}");
    expect(() => load("x")).toThrow(/--notifications/);
  });

  test("a dashboardUrl is a URL whose variables are known", () => {
    const load = (dashboardUrl: string) => loadConfig({ flags: { dashboardUrl }, environment: {} });
    expect(load("https://g.test/d/x?var-name={{ name }}&from={{ from }}").dashboardUrl).toContain(
      "{{ name }}",
    );
    expect(() => load("https://{{ name }}/")).toThrow(
      "want an http:// or https:// URL with its host in full",
    );
    expect(() => load("javascript:alert(1)")).toThrow("want an http:// or https:// URL");
    expect(() => load("https://g.test/{{ nmae }}")).toThrow(
      "unknown variable {{ nmae }} in the URL; known are",
    );
  });
});
