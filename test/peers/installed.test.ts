import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { findTool, Tool } from "../support/kubectl.ts";
import { MetricsPage } from "../support/metrics-page.ts";
import { SluiceProcess } from "../support/playground-process.ts";

const kubectlPath = findTool("kubectl");
const helmPath = findTool("helm");
const isMissing = kubectlPath === undefined || helmPath === undefined;
if (isMissing) console.info("No helm and kubectl: skipped. `npm run fetch-kubectl` fetches them.");

const folder = mkdtempSync(join(tmpdir(), "sluice-installed-"));
const kubeconfig = join(folder, "kubeconfig");
/** Where the controller shows its metrics. */
const PAGES = "127.0.0.1:18080";
const ends: (() => unknown)[] = [];

afterAll(async () => {
  for (const end of ends.reverse()) await end();
  rmSync(folder, { recursive: true, force: true });
});

test.skipIf(isMissing)(
  "the bundle, with the settings and the rights that helm installs, takes a release to its end",
  async () => {
    execFileSync(process.execPath, ["scripts/build.ts"]);
    const playground = new SluiceProcess(
      ["playground", "--no-controller", "--exit", "--kubeconfig", kubeconfig].concat(
        "--scenario",
        "test/fixtures/installed/scenario.yaml",
      ),
    );
    ends.push(() => playground.stop("SIGTERM"));
    const prometheus = /http:\S+/.exec(await playground.line(/Prometheus +http/, 60_000))?.[0] ?? "";
    const tools = { kubeconfig, home: folder };
    const [kubectl, helm] = [new Tool(kubectlPath ?? "", tools), new Tool(helmPath ?? "", tools)];
    const inSystem = ["--namespace", "sluice-system"];
    await kubectl.output(["apply", "-f", "test/fixtures/installed/prometheus-operator.yaml"]);
    // The playground has the CustomResourceDefinition already.
    const values = [
      "crds.install=false",
      `config.prometheus=${prometheus}`,
      "serviceMonitor.enabled=true",
      "prometheusRule.enabled=true",
      "dashboards.enabled=true",
    ].flatMap((value) => ["--set", value]);
    await helm.output(["install", "sluice", "charts/sluice", ...inSystem, "--create-namespace", ...values]);

    const watching = ["servicemonitors,prometheusrules,configmaps", "-o", "name"];
    const installed = (await kubectl.output([...inSystem, "get", ...watching])).trim().split("\n");
    expect(installed).toEqual(
      expect.arrayContaining([
        "servicemonitor.monitoring.coreos.com/sluice",
        "prometheusrule.monitoring.coreos.com/sluice",
        "configmap/sluice-dashboards",
      ]),
    );

    const settings = join(folder, "sluice.yaml");
    writeFileSync(
      settings,
      await kubectl.output([
        ...inSystem,
        "get",
        "configmap",
        "sluice",
        "-o",
        "jsonpath={.data.sluice\\.yaml}",
      ]),
    );
    const token = (await kubectl.output([...inSystem, "create", "token", "sluice"])).trim();
    const controller = startBundle(settings, asServiceAccount(token));
    ends.push(() => controller.kill("SIGKILL"));

    expect(await playground.ended, playground.lines.join("\n")).toBe(0);
    const page = new MetricsPage(await (await fetch(`http://${PAGES}/metrics`)).text());
    expect(page.get('sluice_runs_total{result="Succeeded",reason="Promoted"}')).toBe(1);
    expect(page.get("process_resident_memory_bytes")).toBeGreaterThan(0);
    expect(controller.log()).not.toMatch(/forbidden/i);
    expect(await controller.stop()).toBe(0);
  },
  300_000,
);

/** The kubeconfig of the chart's ServiceAccount. */
function asServiceAccount(token: string): string {
  const admin = parse(readFileSync(kubeconfig, "utf8"));
  const path = join(folder, "service-account");
  writeFileSync(
    path,
    stringify({ ...admin, users: admin.users.map((user: object) => ({ ...user, user: { token } })) }),
  );
  return path;
}

function startBundle(settings: string, kubeconfigPath: string) {
  const flags = ["controller", "--config", settings, "--kubeconfig", kubeconfigPath, "--listen", PAGES];
  const child = spawn(process.execPath, ["dist/sluice.mjs", ...flags], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {},
  });
  let text = "";
  child.stderr.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  return {
    log: () => text,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
