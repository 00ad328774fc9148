import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { loadConfig } from "../../src/config/config.ts";
import { ALERT_RULES, type AlertRule } from "../support/alerts.ts";
import { findTool, Tool } from "../support/kubectl.ts";

const helmPath = findTool("helm");
if (helmPath === undefined) console.info("No helm: skipped. `node scripts/fetch-kubectl.ts` fetches it.");

const CHART = "charts/sluice";
const EVERYTHING = [
  "serviceMonitor.enabled=true",
  "prometheusRule.enabled=true",
  "dashboards.enabled=true",
  "networkPolicy.enabled=true",
  "prometheusCredentials.existingSecret=prometheus",
];

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly annotations?: object };
  // biome-ignore lint/suspicious/noExplicitAny: manifests of many kinds
  readonly [member: string]: any;
}

describe.skipIf(helmPath === undefined)("the chart", () => {
  const helm = new Tool(helmPath ?? "", { kubeconfig: "/dev/null", home: tmpdir() });

  const render = async (...values: readonly string[]): Promise<readonly Manifest[]> => {
    const set = values.flatMap((value) => ["--set", value]);
    const text = await helm.output(["template", "sluice", CHART, "--namespace", "sluice-system", ...set]);
    return parseAllDocuments(text)
      .map((document) => document.toJS() as Manifest | null)
      .filter((it) => it !== null);
  };
  const one = (manifests: readonly Manifest[], kind: string): Manifest => {
    const found = manifests.filter((it) => it.kind === kind);
    expect(found, kind).toHaveLength(1);
    return found[0]!;
  };

  test("passes helm's strict linter, with everything on and with nothing on", async () => {
    for (const values of [EVERYTHING, ["replicas=1", "crds.install=false", "rbac.create=false"]]) {
      const set = values.flatMap((value) => ["--set", value]);
      expect(await helm.output(["lint", CHART, "--strict", ...set])).toContain("0 chart(s) failed");
    }
  });

  test.each([
    ["replicas=0", /replicas/],
    ["replcas=2", /replcas/],
    ["image.digest=latest", /digest/],
    ["watchNamespaces={Shop}", /watchNamespaces/],
    ["serviceMonitor.interval=often", /interval/],
    [
      "prometheusRule.enabled=true,prometheusRule.disabled={SluiceRolback}",
      /SluiceRolback is no alert; there are Slui/,
    ],
    ["dashboards.labels=grafana", /dashboards\.labels|dashboards\/labels/],
  ])("refuses %s, naming the value", async (value, message) => {
    const result = await helm.run(["template", "sluice", CHART, "--set", value]);
    expect(result.exit).not.toBe(0);
    expect(result.stderr).toMatch(message);
  });

  test("writes settings that the controller takes as they are", async () => {
    const manifests = await render(
      "config.drain=30s",
      "config.clusterName=eu-1",
      "watchNamespaces={shop,pay}",
    );
    const values = parse(one(manifests, "ConfigMap")["data"]["sluice.yaml"]);
    const config = loadConfig({ flags: {}, environment: {}, file: { path: "sluice.yaml", values } });
    expect(config).toMatchObject({
      drain: 30_000,
      clusterName: "eu-1",
      namespaces: ["shop", "pay"],
      leaderElection: true,
      leaderElectionNamespace: "sluice-system",
      leaderElectionLease: "sluice",
      listen: ":8080",
    });
  });

  test("restarts pods when settings change", async () => {
    const annotationOf = async (...values: readonly string[]) =>
      one(await render(...values), "Deployment")["spec"].template.metadata.annotations["sluice.dev/config"];
    expect(await annotationOf("config.drain=30s")).not.toBe(await annotationOf("config.drain=31s"));
  });

  test("asks for no more than the restricted level of the Pod Security Standards allows", async () => {
    const manifests = await render();
    const pods = [one(manifests, "Deployment")["spec"].template.spec, one(manifests, "Pod")["spec"]];
    for (const pod of pods) {
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      for (const key of ["hostNetwork", "hostPID", "hostIPC"]) expect(pod[key]).toBeUndefined();
      for (const container of pod.containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
      }
    }
  });

  test("gives rights in the watched namespaces alone when there is a list", async () => {
    const manifests = await render("watchNamespaces={shop,pay}", "rbac.aggregate=false");
    expect(manifests.filter(({ kind }) => /^ClusterRole/.test(kind))).toEqual([]);
    const roles = manifests.filter(({ kind }) => kind === "Role");
    expect(roles.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual(
      expect.arrayContaining(["shop/sluice", "pay/sluice", "sluice-system/sluice-leader"]),
    );
    const everywhere = one(await render("rbac.aggregate=false"), "ClusterRole");
    const rules = everywhere["rules"] as readonly { readonly resources: readonly string[] }[];
    // Namespaces are not in any namespace: without that right preflight says that it has not looked.
    expect(roles.find(({ metadata }) => metadata.namespace === "pay")?.["rules"]).toEqual(
      rules.filter(({ resources }) => !resources.includes("namespaces")),
    );
  });

  test("has series of Rollouts keep their namespace", async () => {
    const [endpoint] = one(await render(...EVERYTHING), "ServiceMonitor")["spec"].endpoints;
    expect(endpoint).toMatchObject({ port: "http-metrics", honorLabels: true });
  });

  test("carries the alerts as they are tested, with labels of the cluster's and without those that are not wanted", async () => {
    const on = ["prometheusRule.enabled=true", "prometheusRule.labels.release=kube-prometheus"];
    const rulesOf = (manifests: readonly Manifest[]): readonly AlertRule[] =>
      one(manifests, "PrometheusRule")["spec"].groups.flatMap(
        ({ rules }: { readonly rules: readonly AlertRule[] }) => rules,
      );
    const all = await render(...on);
    expect(one(all, "PrometheusRule").metadata).toMatchObject({ labels: { release: "kube-prometheus" } });
    expect(rulesOf(all)).toEqual(ALERT_RULES);
    const some = rulesOf(
      await render(
        ...on,
        "prometheusRule.disabled={SluiceRunWaits}",
        "prometheusRule.alertLabels.team=platform",
      ),
    );
    expect(some.map(({ alert }) => alert)).toEqual(
      ALERT_RULES.map(({ alert }) => alert).filter((alert) => alert !== "SluiceRunWaits"),
    );
    for (const { labels } of some)
      expect(labels).toMatchObject({ severity: expect.anything(), team: "platform" });
  });

  test("carries the dashboards as they are generated, where Grafana's sidecar finds them", async () => {
    const manifests = await render("dashboards.enabled=true", "dashboards.namespace=monitoring");
    const map = manifests.find(({ metadata }) => metadata.name === "sluice-dashboards");
    expect(map?.metadata).toMatchObject({ namespace: "monitoring", labels: { grafana_dashboard: "1" } });
    for (const name of ["rollouts", "rollout", "controller"]) {
      const file = readFileSync(`${CHART}/files/dashboards/${name}.json`, "utf8");
      expect(JSON.parse(map?.["data"][`sluice-${name}.json`])).toEqual(JSON.parse(file));
    }
  });

  test("has neither rules nor dashboards unless they are asked for", async () => {
    const manifests = await render();
    expect(manifests.map(({ kind }) => kind)).not.toContain("PrometheusRule");
    expect(manifests.filter(({ kind }) => kind === "ConfigMap")).toHaveLength(1);
  });

  test("upgrades the CustomResourceDefinition, and keeps it and every Rollout at uninstall", async () => {
    const crd = one(await render(), "CustomResourceDefinition");
    expect(crd.metadata.annotations).toMatchObject({ "helm.sh/resource-policy": "keep" });
    expect((await render("crds.install=false")).map(({ kind }) => kind)).not.toContain(crd.kind);
  });
});
