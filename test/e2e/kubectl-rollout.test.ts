import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ServedApiServer } from "../support/api-server.ts";
import { findTool, Tool } from "../support/kubectl.ts";

const path = findTool("kubectl");
if (path === undefined) console.info("No kubectl: skipped. `node scripts/fetch-kubectl.ts` fetches one.");

let api: ServedApiServer;
let kubectl: Tool;

beforeAll(async () => {
  if (path === undefined) return;
  api = await ServedApiServer.start("alive");
  kubectl = new Tool(path, { kubeconfig: api.kubeconfig, home: api.folder });
});

afterAll(async () => {
  await api?.stop();
});

function output(args: string): Promise<string> {
  return kubectl.output(args.split(" "));
}

describe.skipIf(path === undefined)("kubectl follows a Deployment", () => {
  test("through its rollout, an update, an undo, a scale and its deletion", async () => {
    await output("create deployment web --image=shop/web:v1 --replicas=2");
    expect(await output("rollout status deploy/web --timeout=20s")).toContain("successfully rolled out");
    expect(await output("get pods -l app=web")).toMatch(/(web-\S+\s+1\/1\s+Running\s+0\s+\S+\s*\n){2}/);
    await output("set image deploy/web web=shop/web:v2");
    expect(await output("rollout status deploy/web --timeout=20s")).toContain("successfully rolled out");
    expect(await output("rollout history deploy/web")).toMatch(/REVISION[\s\S]*1[\s\S]*2/);
    await output("rollout undo deploy/web");
    await output("rollout status deploy/web --timeout=20s");
    expect(await output("get deploy web -o jsonpath={.spec.template.spec.containers[0].image}")).toBe(
      "shop/web:v1",
    );
    await output("scale deploy web --replicas=3");
    await output("wait deploy/web --for=jsonpath={.status.readyReplicas}=3 --timeout=20s");
    expect(await output("get deploy web")).toMatch(/web\s+3\/3\s+3\s+3\s/);
    const described = await output("describe deploy web");
    expect(described).toMatch(/Available\s+True\s+MinimumReplicasAvailable/);
    expect(described).toMatch(/Normal\s+ScalingReplicaSet\s/);
    await output("delete deploy web");
    await output("wait pods -l app=web --for=delete --timeout=20s");
    expect(await output("get rs -o name")).toBe("");
  });

  test("behind a Service, whose endpoints are its ready pods", async () => {
    await output("create deployment api --image=shop/api:v1 --replicas=2 --port=8080");
    await output("expose deployment api --port=80 --target-port=8080");
    await output("rollout status deploy/api --timeout=20s");
    await output(
      "wait endpointslices -l kubernetes.io/service-name=api --for=jsonpath={.endpoints[1].conditions.ready}=true --timeout=20s",
    );
    expect(await output("get endpointslices -l kubernetes.io/service-name=api")).toMatch(
      /IPv4\s+8080\s+[\d.]+,[\d.]+\s/,
    );
    expect(await output("describe service api")).toMatch(/Endpoints:\s+[\d.]+:8080,[\d.]+:8080/);
    expect(await output("get nodes")).toMatch(/node-1\s+Ready\s/);
    const [pod = ""] = (await output("get pods -l app=api -o name")).split("\n");
    expect((await kubectl.run(["logs", pod])).stderr).toContain("run no processes");
  });

  test("of another namespace, all of whose objects go with it", async () => {
    await output("create namespace brief");
    await output("-n brief create deployment web --image=shop/web:v1");
    await output("-n brief rollout status deploy/web --timeout=20s");
    await output("delete namespace brief --timeout=20s");
    expect((await kubectl.run(["get", "namespace", "brief"])).stderr).toContain("not found");
    expect(await output("-n brief get all -o name")).toBe("");
  });
});
