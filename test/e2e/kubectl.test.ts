import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ServedApiServer } from "../support/api-server.ts";
import { findTool, Tool } from "../support/kubectl.ts";

const path = findTool("kubectl");
if (path === undefined) console.info("No kubectl: skipped. `node scripts/fetch-kubectl.ts` fetches one.");

const CRD = "crds/sluice.dev_rollouts.yaml";
const ROLLOUT = `
apiVersion: sluice.dev/v1alpha1
kind: Rollout
metadata: { name: checkout }
spec:
  targetRef: { kind: Deployment, name: checkout }
  service: { port: 80, targetPort: http }
  traffic: { istio: { timeout: 8s } }
  steps: [{ weight: 5, hold: 2m }, { weight: 25, hold: 2m }]
`;

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - { name: main, image: "shop/web:v1", ports: [{ name: http, containerPort: 80 }], env: [{ name: A, value: "1" }] }
        - { name: side, image: "shop/side:v1" }
`;

let api: ServedApiServer;
let kubectl: Tool;
let spaces = 0;

beforeAll(async () => {
  if (path === undefined) return;
  api = await ServedApiServer.start("bare");
  kubectl = new Tool(path, { kubeconfig: api.kubeconfig, home: api.folder });
  await kubectl.output(["apply", "-f", CRD]);
  await kubectl.output(["wait", "--for=condition=Established", "-f", CRD, "--timeout=5s"]);
});

afterEach(() => {
  if (path !== undefined) expect(api.errors).toEqual([]);
});

afterAll(async () => {
  await api?.stop();
});

/** Runs kubectl in a fresh namespace of the test. */
async function namespaced() {
  spaces += 1;
  const namespace = `ns-${spaces}`;
  await kubectl.output(["create", "namespace", namespace]);
  return {
    namespace,
    run: (args: string, stdin?: string) =>
      kubectl.run(split(args, namespace), stdin === undefined ? {} : { stdin }),
    output: (args: string, stdin?: string) =>
      kubectl.output(split(args, namespace), stdin === undefined ? {} : { stdin }),
  };
}

/** Words, of which quoted ones may hold spaces. */
function split(args: string, namespace: string): string[] {
  const words = args.match(/'[^']*'|\S+/g) ?? [];
  return ["--namespace", namespace, ...words.map((word) => word.replace(/^'(.*)'$/, "$1"))];
}

describe.skipIf(path === undefined)("kubectl apply", () => {
  test("creates, leaves alone, changes, and takes away what the file no longer says", async () => {
    const { output } = await namespaced();
    expect(await output("apply -f -", DEPLOYMENT)).toBe("deployment.apps/web created\n");
    expect(await output("apply -f -", DEPLOYMENT)).toBe("deployment.apps/web unchanged\n");
    const changed = DEPLOYMENT.replace("web:v1", "web:v2").replace(', env: [{ name: A, value: "1" }]', "");
    expect(await output("apply -f -", changed)).toBe("deployment.apps/web configured\n");
    const containers = JSON.parse(
      await output("get deploy web -o jsonpath={.spec.template.spec.containers}"),
    );
    expect(containers).toMatchObject([{ name: "main", image: "shop/web:v2" }, { name: "side" }]);
    expect(containers[0]).not.toHaveProperty("env");
  });

  test("does the same with a custom resource, whose wrong fields are named", async () => {
    const { output, run } = await namespaced();
    expect(await output("apply -f -", ROLLOUT)).toBe("rollout.sluice.dev/checkout created\n");
    expect(await output("apply -f -", ROLLOUT)).toBe("rollout.sluice.dev/checkout unchanged\n");
    expect(await output("apply -f -", ROLLOUT.replace("hold: 2m", "hold: 3m"))).toBe(
      "rollout.sluice.dev/checkout configured\n",
    );
    const unknown = await run("apply -f -", ROLLOUT.replace("spec:\n", "spec:\n  stepz: []\n"));
    expect(unknown.stderr).toContain('strict decoding error: unknown field "spec.stepz"');
    const wrong = await run("apply -f -", ROLLOUT.replace("weight: 25", "weight: 250"));
    expect(wrong.stderr).toMatch(/spec\.steps\[1\]\.weight: Invalid value: 250: .*less than or equal to 100/);
  });

  test("by the server keeps other managers' fields and reports conflicts", async () => {
    const { output, run } = await namespaced();
    expect(await output("apply --server-side -f -", DEPLOYMENT)).toContain("serverside-applied");
    await output("scale deploy web --replicas=5");
    const conflict = await run(
      "apply --server-side --field-manager=other -f -",
      DEPLOYMENT.replace("replicas: 2", "replicas: 3"),
    );
    expect(conflict.stderr).toContain("Apply failed with 1 conflict");
    const silent = DEPLOYMENT.replace("  replicas: 2\n", "");
    await output("apply --server-side --force-conflicts -f -", silent.replace("web:v1", "web:v2"));
    expect(
      await output("get deploy web -o jsonpath={.spec.replicas},{.spec.template.spec.containers[0].image}"),
    ).toBe("5,shop/web:v2");
  });
});

describe.skipIf(path === undefined)("kubectl get", () => {
  test("prints the printer columns of a Rollout", async () => {
    const { output } = await namespaced();
    await output("apply -f -", ROLLOUT);
    const status = { status: { phase: "Progressing", conditions: [{ type: "Ready", status: "Unknown" }] } };
    await output(`patch sro checkout --subresource=status --type=merge -p '${JSON.stringify(status)}'`);
    const [header = "", row = ""] = (await output("get sro")).split("\n");
    expect(header.trim().split(/\s+/)).toEqual(expect.arrayContaining(["NAME", "PHASE", "AGE"]));
    expect(row).toMatch(/^checkout\s+Progressing\s/);
  });

  test("prints built-in kinds, wide, as YAML, as JSON and by jsonpath", async () => {
    const { output, namespace } = await namespaced();
    await output("apply -f -", DEPLOYMENT);
    await output("create service clusterip web --tcp=80:80");
    await output("create configmap settings --from-literal=a=1 --from-literal=b=2");
    expect(await output("get deploy -o wide")).toMatch(
      /CONTAINERS\s+IMAGES\s+SELECTOR\nweb\s+0\/2\s.*main,side\s+shop\/web:v1,shop\/side:v1\s+app=web/,
    );
    expect(await output("get svc")).toMatch(/web\s+ClusterIP\s+[\d.]+\s+<none>\s+80\/TCP/);
    expect(await output("get cm settings")).toMatch(/settings\s+2\s/);
    expect(await output("get cm settings -o yaml")).toContain(`namespace: ${namespace}`);
    expect(JSON.parse(await output("get cm settings -o json"))).toMatchObject({
      kind: "ConfigMap",
      data: { a: "1" },
    });
    expect(await output("get all")).toMatch(/service\/web[\s\S]*deployment\.apps\/web/);
    expect(
      (await kubectl.output(["get", "namespaces", "-l", `kubernetes.io/metadata.name=${namespace}`])).split(
        "\n",
      )[1],
    ).toMatch(/Active/);
    expect(await output("get cm --field-selector=metadata.name=settings -o name")).toBe(
      "configmap/settings\n",
    );
  });

  test("-w prints a row a change", async () => {
    const { output, namespace } = await namespaced();
    await output("create configmap watched --from-literal=a=1");
    const listed = Promise.withResolvers<void>();
    const watching = kubectl.run(["-n", namespace, "get", "cm", "-w"], {
      stopWhen: (stdout) => {
        if (/watched\s+1\s/.test(stdout)) listed.resolve();
        return /watched\s+1\s[\s\S]*watched\s+2\s/.test(stdout);
      },
    });
    await listed.promise;
    await output(`patch cm watched -p '{"data":{"b":"2"}}'`);
    await expect(watching).resolves.toMatchObject({ exit: 0 });
  });
});

describe.skipIf(path === undefined)("kubectl changes objects", () => {
  test("by annotate, label and scale", async () => {
    const { output, run } = await namespaced();
    await output("apply -f -", DEPLOYMENT);
    expect(await output("annotate deploy web note=one")).toBe("deployment.apps/web annotated\n");
    expect((await run("annotate deploy web note=two")).stderr).toContain("--overwrite is false");
    expect(await output("annotate deploy web note-")).toBe("deployment.apps/web annotated\n");
    expect(await output("label deploy web tier=front")).toBe("deployment.apps/web labeled\n");
    expect(await output("scale deploy web --replicas=4 --current-replicas=2")).toBe(
      "deployment.apps/web scaled\n",
    );
    const [tier, replicas] = (
      await output("get deploy web -o jsonpath={.metadata.labels.tier},{.spec.replicas}")
    ).split(",");
    expect([tier, replicas]).toEqual(["front", "4"]);
  });

  test("by the three types of patch, and by set image", async () => {
    const { output } = await namespaced();
    await output("apply -f -", DEPLOYMENT);
    const image = { spec: { template: { spec: { containers: [{ name: "side", image: "shop/side:v2" }] } } } };
    await output(`patch deploy web -p '${JSON.stringify(image)}'`);
    await output(`patch deploy web --type=merge -p '{"spec":{"paused":true}}'`);
    await output(`patch deploy web --type=json -p '[{"op":"replace","path":"/spec/replicas","value":7}]'`);
    expect(await output("set image deploy/web main=shop/web:v3")).toBe("deployment.apps/web image updated\n");
    expect(JSON.parse(await output("get deploy web -o json"))).toMatchObject({
      spec: {
        replicas: 7,
        paused: true,
        template: { spec: { containers: [{ image: "shop/web:v3" }, { image: "shop/side:v2" }] } },
      },
    });
  });

  test("by create and replace, refusing what exists and what is gone", async () => {
    const { output, run } = await namespaced();
    expect(await output("create -f -", DEPLOYMENT)).toBe("deployment.apps/web created\n");
    expect((await run("create -f -", DEPLOYMENT)).stderr).toContain('deployments.apps "web" already exists');
    expect(await output("replace -f -", DEPLOYMENT.replace("replicas: 2", "replicas: 1"))).toBe(
      "deployment.apps/web replaced\n",
    );
    expect(await output("delete deploy web")).toContain('"web" deleted');
    expect((await run("get deploy web")).stderr).toBe(
      'Error from server (NotFound): deployments.apps "web" not found\n',
    );
  });

  test("by the generators that speak protobuf", async () => {
    const { output } = await namespaced();
    expect(await output("create deployment gen --image=shop/gen:v1 --port=8080 --replicas=3")).toBe(
      "deployment.apps/gen created\n",
    );
    expect(await output("create secret generic key --from-literal=p=q")).toBe("secret/key created\n");
    expect(await output("create role reader --verb=get,list --resource=pods")).toContain("created");
    expect(
      await output("get deploy gen -o jsonpath={.spec.replicas},{.spec.template.spec.restartPolicy}"),
    ).toBe("3,Always");
  });

  test("by edit, with an editor of one's own", async () => {
    const { output, namespace } = await namespaced();
    await output("create configmap edited --from-literal=a=1");
    const editor = join(api.folder, "editor.sh");
    await writeFile(editor, `#!/bin/sh\nsed -i 's/  a: .*/  a: changed/' "$1"\n`, { mode: 0o700 });
    const edited = await kubectl.run(["-n", namespace, "edit", "cm", "edited"], {
      environment: { EDITOR: editor },
    });
    expect(edited).toMatchObject({ exit: 0, stdout: "configmap/edited edited\n" });
    expect(await output("get cm edited -o jsonpath={.data.a}")).toBe("changed");
  });
});

describe.skipIf(path === undefined)("kubectl asks", () => {
  test("explain: fields of a CRD and of built-in kinds", async () => {
    const { output } = await namespaced();
    expect(await output("explain sro.spec.steps.weight")).toContain("FIELD: weight <integer>");
    expect(await output("explain deployment.spec.strategy")).toMatch(
      /type\s+<string>\s+enum: Recreate, RollingUpdate/,
    );
    expect(await output("explain pods.spec.containers.readinessProbe --recursive")).toContain("httpGet");
  });

  test("api-resources, api-versions, version and cluster health", async () => {
    const { output } = await namespaced();
    expect(await output("api-resources --api-group=sluice.dev")).toMatch(
      /rollouts\s+sro\s+sluice\.dev\/v1alpha1\s+true\s+Rollout/,
    );
    expect((await output("api-versions")).split("\n")).toEqual(
      expect.arrayContaining(["apps/v1", "sluice.dev/v1alpha1", "v1"]),
    );
    expect(await output("version")).toContain("Server Version: v1.36");
    expect(await output("get --raw /readyz")).toBe("ok");
  });

  test("describe: the object and its events", async () => {
    const { output, namespace } = await namespaced();
    await output("apply -f -", ROLLOUT);
    const uid = await output("get sro checkout -o jsonpath={.metadata.uid}");
    const event = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: "checkout.1", namespace },
      involvedObject: {
        kind: "Rollout",
        name: "checkout",
        namespace,
        uid,
        apiVersion: "sluice.dev/v1alpha1",
      },
      reason: "CanaryStarted",
      message: "the canary has started",
      type: "Normal",
      lastTimestamp: "2026-01-01T00:00:00Z",
      source: { component: "sluice" },
    };
    await output("create -f -", JSON.stringify(event));
    const described = await output("describe sro checkout");
    expect(described).toMatch(/Kind:\s+Rollout/);
    expect(described).toMatch(/Normal\s+CanaryStarted\s+.*sluice\s+the canary has started/);
    expect(await output("get events")).toMatch(
      /Normal\s+CanaryStarted\s+rollout\/checkout\s+the canary has started/,
    );
  });

  test("wait: for a condition, a value and a deletion", async () => {
    const { output, run } = await namespaced();
    await output("apply -f -", ROLLOUT);
    const waits = [
      output("wait sro/checkout --for=condition=Promoted --timeout=10s"),
      output("wait sro/checkout --for=jsonpath={.status.phase}=Succeeded --timeout=10s"),
    ];
    const status = { status: { phase: "Succeeded", conditions: [{ type: "Promoted", status: "True" }] } };
    await output(`patch sro checkout --subresource=status --type=merge -p '${JSON.stringify(status)}'`);
    expect(await Promise.all(waits)).toEqual(Array(2).fill("rollout.sluice.dev/checkout condition met\n"));
    await output(`patch sro checkout --type=merge -p '{"metadata":{"finalizers":["example.com/hold"]}}'`);
    await output("delete sro checkout --wait=false");
    const gone = run("wait sro/checkout --for=delete --timeout=10s");
    await output(`patch sro checkout --type=merge -p '{"metadata":{"finalizers":null}}'`);
    expect(await gone).toMatchObject({ exit: 0 });
  });

  test("auth can-i: what the roles allow", async () => {
    const { output, run, namespace } = await namespaced();
    expect(await output("auth can-i delete deployments")).toBe("yes\n");
    await output("create serviceaccount robot");
    await output("create role reader --verb=get,list --resource=pods");
    await output(`create rolebinding reader --role=reader --serviceaccount=${namespace}:robot`);
    const as = `--as=system:serviceaccount:${namespace}:robot`;
    expect((await run(`auth can-i list pods ${as}`)).stdout).toBe("yes\n");
    expect((await run(`auth can-i delete pods ${as}`)).stdout).toBe("no\n");
    expect((await run(`delete pod x ${as}`)).stderr).toContain("Forbidden");
  });
});
