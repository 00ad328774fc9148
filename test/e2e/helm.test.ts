import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ServedApiServer } from "../support/api-server.ts";
import { findTool, Tool } from "../support/kubectl.ts";

const kubectlPath = findTool("kubectl");
const helmPath = findTool("helm");
const isMissing = kubectlPath === undefined || helmPath === undefined;
if (isMissing) console.info("No helm and kubectl: skipped. `node scripts/fetch-kubectl.ts` fetches them.");

const CHART = "test/fixtures/chart";

let api: ServedApiServer;
let kubectl: Tool;
let helm: Tool;

beforeAll(async () => {
  if (kubectlPath === undefined || helmPath === undefined) return;
  api = await ServedApiServer.start("bare");
  const environment = { kubeconfig: api.kubeconfig, home: api.folder };
  kubectl = new Tool(kubectlPath, environment);
  helm = new Tool(helmPath, environment);
});

afterEach(() => {
  if (!isMissing) expect(api.errors).toEqual([]);
});

afterAll(async () => {
  await api?.stop();
});

describe.skipIf(isMissing)("helm", () => {
  test("installs, upgrades, rolls back and uninstalls a chart with a CRD, a Deployment, RBAC and a Service", async () => {
    const inShop = ["--namespace", "shop"];
    const installed = await helm.output(["install", "hi", CHART, ...inShop, "--create-namespace"]);
    expect(installed).toContain("STATUS: deployed");
    const names = await kubectl.output([
      ...inShop,
      "get",
      "deploy,svc,cm,sa,role,rolebinding,greetings",
      "-o",
      "name",
    ]);
    expect(names.split("\n")).toEqual(
      expect.arrayContaining([
        "deployment.apps/hi",
        "service/hi",
        "configmap/hi",
        "serviceaccount/hi",
        "role.rbac.authorization.k8s.io/hi",
        "rolebinding.rbac.authorization.k8s.io/hi",
        "greeting.example.com/hi",
      ]),
    );
    await helm.output(["upgrade", "hi", CHART, ...inShop, "--set", "image=shop/greeter:v2,greeting=goodbye"]);
    expect(await imageAndText(inShop)).toBe("shop/greeter:v2 goodbye");
    await helm.output(["rollback", "hi", "1", ...inShop]);
    expect(await imageAndText(inShop)).toBe("shop/greeter:v1 hello");
    const history = JSON.parse(await helm.output(["history", "hi", ...inShop, "-o", "json"]));
    expect(history).toMatchObject([
      { status: "superseded" },
      { status: "superseded" },
      { status: "deployed" },
    ]);
    expect(await helm.output(["uninstall", "hi", ...inShop])).toContain("uninstalled");
    expect(await kubectl.output([...inShop, "get", "deploy,svc,greetings", "-o", "name"])).toBe("");
  });

  test("refuses a chart whose objects the server does not accept", async () => {
    const result = await helm.run(["install", "bad", CHART, "--set", "replicas=many"]);
    expect(result.exit).not.toBe(0);
    expect(result.stderr).toMatch(/replicas/);
    const empty = await helm.run(["install", "worse", CHART, "--set", "greeting="]);
    expect(empty.stderr).toMatch(/spec\.text/);
  });
});

async function imageAndText(inShop: readonly string[]): Promise<string> {
  const image = await kubectl.output([
    ...inShop,
    "get",
    "deploy",
    "hi",
    "-o",
    "jsonpath={.spec.template.spec.containers[0].image}",
  ]);
  return `${image} ${await kubectl.output([...inShop, "get", "greeting", "hi", "-o", "jsonpath={.spec.text}"])}`;
}
