import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { type Ran, sluice } from "../../test/support/command-line.ts";
import { PinnedClock } from "../../test/support/pinned-clock.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-cli-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function run(args: readonly string[], input = ""): Promise<Ran> {
  return sluice(args, { clock: new PinnedClock("2026-01-05T09:04:10Z"), input });
}

const ROLLOUT = `apiVersion: sluice.dev/v1alpha1
kind: Rollout
metadata: { name: checkout, namespace: shop }
spec:
  targetRef: { name: checkout }
  service: { port: 80 }
  traffic: { istio: {} }
  steps:
    - { weight: 10 }
    - { weight: 50 }
`;

describe("sluice lint", () => {
  test("finds nothing wrong with the examples", async () => {
    expect(await run(["lint", "-f", "examples/checkout", "examples/approval/rollout.yaml"])).toMatchObject({
      code: 0,
      out: "2 Rollouts checked, no problem found.\n",
    });
  });

  test("names file, line, field, value and what is allowed", async () => {
    const path = join(folder, "rollout.yaml");
    writeFileSync(path, `# ours\n---\n${ROLLOUT.replace("weight: 50", "weight: 5")}`);
    const ran = await run(["lint", "-f", path]);
    expect(ran).toEqual({
      code: 1,
      out: `${path}:12: spec.steps[1].weight: 5 is not above the 10 of the step before; weights must rise\n`,
      err: "sluice: 1 problem found\n",
    });
  });

  test("knows no field that the schema does not know, and no other version", async () => {
    const text = ROLLOUT.replace("service:", "stepss: 1\n  service:").replace("v1alpha1", "v9");
    const ran = await run(["lint", "-f", "-"], text);
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(/^standard input:1: apiVersion: "sluice.dev\/v9": want sluice.dev\/v1alpha1\n/);
    expect(ran.out).toContain("stepss");
  });

  test("sees two Rollouts of one target across files", async () => {
    const ran = await run(
      ["lint", "-f", "-"],
      `${ROLLOUT}---\n${ROLLOUT.replace("name: checkout,", "name: twin,")}`,
    );
    expect(ran.out).toContain("Deployment checkout is already released by Rollout checkout");
  });

  test.each([
    ["a file that is not there", ["-f", "nowhere.yaml"], "no such file"],
    ["a file that is no YAML", ["-f", "-"], "standard input: "],
    ["neither files nor a cluster", [], "want one of -f and --live"],
  ])("is called wrongly with %s", async (_, args, message) => {
    const ran = await run(["lint", ...args], "a: [");
    expect(ran.err).toContain(message);
    expect(ran.err.trimEnd().split("\n")).toHaveLength(1);
    expect(ran.code).toBe(2);
  });
});

describe("sluice render", () => {
  test("prints what would be made, in the order of writing", async () => {
    const ran = await run([
      "render",
      "-f",
      "examples/checkout/rollout.yaml",
      "examples/checkout/deployment.yaml",
    ]);
    expect(ran.code).toBe(0);
    const objects = parseAllDocuments(ran.out).map((document) => document.toJS());
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)).toEqual([
      "Deployment shop/checkout-primary",
      "Service shop/checkout-primary",
      "Service shop/checkout-canary",
      "DestinationRule shop/checkout-primary",
      "DestinationRule shop/checkout-canary",
      "VirtualService shop/checkout",
    ]);
    expect(objects.at(-1).spec.http[0].route.map(({ weight }: { weight: number }) => weight)).toEqual([
      100, 0,
    ]);
  });

  const routesOf = async (example: string, place: string) => {
    const files = [`examples/${example}/rollout.yaml`, "examples/checkout/deployment.yaml"];
    const { out } = await run(["render", "-f", ...files, "--during", place]);
    const objects = parseAllDocuments(out).map((document) => document.toJS());
    const routes = objects.find(({ kind }) => kind === "VirtualService");
    return routes.spec.http as readonly { readonly name?: string }[];
  };

  test("prints the routes as they are in a run, those by match and of mirrored methods included", async () => {
    const names = async (example: string, place: string) =>
      (await routesOf(example, place)).map(({ name }) => name ?? "");
    expect(await names("ab", "0")).toEqual(["sluice-checkout-reserved-canary", ""]);
    expect(await names("shadow-safe-methods", "shadow")).toEqual(["sluice-checkout-mirror", ""]);
    expect(await names("session-affinity", "20")).toEqual([
      "sluice-checkout-sticky-canary",
      "sluice-checkout-sticky-primary",
      "sluice-checkout-assign",
      "",
    ]);
    expect((await routesOf("checkout", "25")).at(-1)).toMatchObject({
      route: [{ weight: 75 }, { weight: 25 }],
    });
  });

  test("prints what a run changes in VirtualServices of the user's, as comments", async () => {
    const own = "examples/own-virtual-service";
    const files = [`${own}/rollout.yaml`, `${own}/virtual-service.yaml`, "examples/checkout/deployment.yaml"];
    const during = await run(["render", "-f", ...files, "--during", "10"]);
    const [title, ...lines] = during.out.slice(during.out.indexOf("# JSON patch")).split("\n");
    expect(title).toBe(
      "# JSON patch of VirtualService shop/edge, which stays yours; the end of the run takes it back:",
    );
    const operations = parse(lines.map((line) => line.replace(/^# ?/, "")).join("\n"));
    expect(operations).toContainEqual({ op: "add", path: "/spec/http/1/route/0/weight", value: 90 });
    expect(parseAllDocuments(during.out).map((it) => it.toJS()?.kind)).not.toContain("VirtualService");

    expect((await run(["render", "-f", ...files])).out).not.toContain("JSON patch");
    const without = await run([
      "render",
      "-f",
      ...files.filter((file) => !file.endsWith("virtual-service.yaml")),
    ]);
    expect(without.out).toContain(
      "# Going by these files, no run can start: VirtualService shop/edge does not exist",
    );
  });

  test("wants a place that there can be", async () => {
    const ran = await run(["render", "-f", "-", "--during", "101"], ROLLOUT);
    expect(ran.err).toContain("want shadow, or a weight from 0 to 100");
  });

  test("wants the target too", async () => {
    const ran = await run(["render", "-f", "-"], ROLLOUT);
    expect(ran.err).toMatch(/^sluice: standard input:5: .*Deployment "checkout" does not exist/);
    expect(ran.code).toBe(1);
  });
});

describe("sluice completion", () => {
  test("completes commands and flags in a real bash", async () => {
    const { out } = await run(["completion", "bash"]);
    const complete = (...words: readonly string[]) => {
      const line = words.map((word) => `'${word}'`).join(" ");
      const script = `${out}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _sluice; echo "\${COMPREPLY[@]}"`;
      return execFileSync("bash", ["-c", script], { encoding: "utf8" }).trim();
    };
    expect(complete("sluice", "prom")).toBe("promote");
    expect(complete("sluice", "wait", "--re")).toBe("--revision");
  });

  test.each(["zsh", "fish"])("knows every command for %s", async (shell) => {
    const { out } = await run(["completion", shell]);
    for (const name of ["get", "status", "abort", "completion"])
      expect(out).toMatch(new RegExp(`\\b${name}\\b`));
  });
});

test("sluice version names the version", async () => {
  expect((await run(["version"])).out).toMatch(/^sluice \d+\.\d+\.\d+ \(Node\.js \d+/);
});
