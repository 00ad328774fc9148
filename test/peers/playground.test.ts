import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { findTool, Tool } from "../support/kubectl.ts";
import { SluiceProcess } from "../support/playground-process.ts";
import { installedPrometheus, RealPrometheus } from "../support/real-prometheus.ts";

const kubectlPath = findTool("kubectl");
if (kubectlPath === undefined)
  console.info("No kubectl: its tests are skipped. `npm run fetch-kubectl` fetches one.");
const hasPrometheus = installedPrometheus() !== null;
if (!hasPrometheus)
  console.info("No prometheus in PATH: its tests are skipped. `apt-get install prometheus` brings one.");

const folder = mkdtempSync(join(tmpdir(), "sluice-playground-"));
const kubeconfig = join(folder, "kubeconfig");
let running: SluiceProcess | null = null;
let prometheus: RealPrometheus | null = null;

afterEach(async () => {
  await running?.stop("SIGTERM");
  running = null;
  await prometheus?.stop();
  prometheus = null;
  rmSync(kubeconfig, { force: true });
});

function play(...args: string[]): SluiceProcess {
  running = new SluiceProcess(["playground", "--kubeconfig", kubeconfig, ...args]);
  return running;
}

describe("the playground's story", () => {
  test("promotes v2 and rolls v3 back, and tells so in its last line", async () => {
    const playground = play("--exit", "--speed", "2", "--output", "json");
    expect(await playground.ended).toBe(0);
    expect(JSON.parse(playground.lines.at(-1) ?? "")).toMatchObject({
      scenario: "playground",
      phase: "Failed",
      expectations: "met",
    });
  }, 120_000);

  test("ends the same when the controller is killed again and again", async () => {
    const playground = play("--exit", "--output", "json");
    await playground.line(/"stage":"Step"/, 60_000);
    for (const pattern of [
      /"step":"2\/3"/,
      /"phase":"Promoting"/,
      /"phase":"Finalising"/,
      /"stage":"RollingBack"/,
    ]) {
      killControllers(kubeconfig);
      await playground.line(pattern, 90_000);
    }
    killControllers(kubeconfig);
    expect(await playground.ended).toBe(0);
  }, 240_000);
});

describe("webhooks over sockets", () => {
  test.each(["gates", "load-tester"])(
    "play the story of examples/%s",
    async (name) => {
      const scenario = `examples/${name}/scenario.yaml`;
      const playground = play("--exit", "--speed", "10", "--output", "json", "--scenario", scenario);
      expect(await playground.ended).toBe(0);
      expect(JSON.parse(playground.lines.at(-1) ?? "")).toMatchObject({
        scenario: name,
        expectations: "met",
      });
    },
    240_000,
  );
});

function killControllers(path: string): void {
  try {
    execFileSync("pkill", ["-9", "-f", `main.ts controller --kubeconfig ${path}`]);
  } catch {
    // It had just died of the last one.
  }
}

describe.skipIf(kubectlPath === undefined)("a person with a real kubectl", () => {
  test("bumps an image, sees the canary in our columns, aborts it, waits for it, and reads why", async () => {
    const playground = play("--output", "text", "--speed", "2");
    await playground.line(/cluster stays up/i, 120_000);
    const kubectl = new Tool(kubectlPath ?? "", { kubeconfig, home: folder });
    const run = (command: string) => kubectl.output(command.split(" "));
    await run("set image deployment/checkout checkout=shop/checkout:v4");
    await run("wait rollout checkout --for=jsonpath={.status.canaryWeight}=5 --timeout=30s");
    const columns = await run("get rollouts");
    expect(columns.split("\n")[0]?.split(/\s+/).slice(0, 7)).toEqual([
      "NAME",
      "PHASE",
      "STEP",
      "WEIGHT",
      "VERDICT",
      "REVISION",
      "AGE",
    ]);
    expect(columns).toMatch(/checkout\s+Progressing\s+1\/3\s+5/);
    await run("annotate rollout checkout sluice.dev/abort=p99-looks-bad");
    await run("wait rollout checkout --for=condition=Promoted=False --timeout=10s");
    await run("wait rollout checkout --for=jsonpath={.status.canaryWeight}=0 --timeout=10s");
    expect(await run("get virtualservice checkout -o jsonpath={.spec.http[0].route[*].weight}")).toMatch(
      /^(100 0|0 100)$/,
    );
    const story = await run("describe rollout checkout");
    expect(story).toContain("Aborted by kubectl-annotate: p99-looks-bad.");
    expect(story).toMatch(/Warning\s+RolledBack/);
    expect(await run("get rollout checkout -o jsonpath={.metadata.annotations}")).not.toContain("abort");
  }, 180_000);

  test("is told in one line what is wrong with a Rollout", async () => {
    const playground = play("--empty");
    await playground.line(/export KUBECONFIG/, 30_000);
    const kubectl = new Tool(kubectlPath ?? "", { kubeconfig, home: folder });
    await kubectl.output(["apply", "-f", "crds/sluice.dev_rollouts.yaml"]);
    await kubectl.output(["wait", "--for=condition=Established", "crd/rollouts.sluice.dev", "--timeout=10s"]);
    const stdin = `
apiVersion: sluice.dev/v1alpha1
kind: Rollout
metadata: { name: checkout, namespace: default }
spec:
  targetRef: { name: checkout }
  service: { port: 80 }
  traffic: { istio: {} }
  steps: [{ weight: 50 }, { weight: 10 }]
`;
    const { exit, stderr } = await kubectl.run(["apply", "-f", "-"], { stdin });
    expect(exit).toBe(1);
    expect(stderr).toContain("weights must rise from step to step");
  }, 60_000);
});

describe("on an API server that runs elsewhere", () => {
  test("the same story plays, and nothing of the last one stands in the way of the next", async () => {
    const cluster = new SluiceProcess(["playground", "--empty", "--kubeconfig", kubeconfig]);
    try {
      await cluster.line(/export KUBECONFIG/, 30_000);
      for (const file of ["examples/playground/scenario.yaml", "examples/attached/scenario.yaml"]) {
        const playground = play("--attach", "--exit", "--speed", "2", "--output", "json", "--scenario", file);
        expect(await playground.ended).toBe(0);
      }
    } finally {
      await cluster.stop("SIGTERM");
    }
  }, 240_000);
});

describe.skipIf(!hasPrometheus)("with a real Prometheus that scrapes the mesh", () => {
  test("v2 is promoted and v3 rolled back", async () => {
    const url = `http://127.0.0.1:${await RealPrometheus.reservePort()}`;
    const playground = play("--exit", "--prometheus", url);
    const line = await playground.line(/mesh metrics\s+http/, 60_000);
    const target = new URL(line.trim().split(/\s+/).at(-1) ?? "").host;
    const scrape = [
      {
        job_name: "mesh",
        scrape_interval: "1s",
        honor_labels: true,
        static_configs: [{ targets: [target] }],
      },
    ];
    prometheus = await RealPrometheus.start(JSON.stringify(scrape), Number(new URL(url).port));
    expect(await playground.ended).toBe(0);
    const told = playground.lines.join("\n");
    expect(told).toMatch(/Promoted .*shop\/checkout:v2/);
    expect(told).toMatch(/RolledBack .*shop\/checkout:v3 rolled back/);
  }, 240_000);
});
