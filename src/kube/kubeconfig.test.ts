import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { KubeconfigError } from "./http/kubeconfig-access.ts";
import { loadKubeconfig } from "./kubeconfig.ts";

let folder = "";
let path = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-kubeconfig-"));
  path = join(folder, "config");
});
afterAll(() => rm(folder, { recursive: true }));

async function write(user: object, cluster: object = {}): Promise<void> {
  const text = stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: "https://10.0.0.1:6443/prefix", ...cluster } }],
    users: [{ name: "u", user }],
    contexts: [
      { name: "main", context: { cluster: "c", user: "u", namespace: "shop" } },
      { name: "other", context: { cluster: "c", user: "u" } },
      { name: "broken", context: { cluster: "missing", user: "u" } },
    ],
    "current-context": "main",
  });
  await writeFile(path, text);
}

async function load(context?: string) {
  const clock = new VirtualClock();
  return { clock, access: await loadKubeconfig({ path, context, clock }) };
}

describe("loadKubeconfig", () => {
  it("knows server, namespace, token, authority and client certificate", async () => {
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    await write(
      { token: "secret", "client-certificate-data": base64("cert"), "client-key-data": base64("key") },
      { "certificate-authority-data": base64("ca"), "tls-server-name": "kubernetes" },
    );
    const { access } = await load();
    expect([access.server.href, access.namespace]).toEqual(["https://10.0.0.1:6443/prefix", "shop"]);
    const { headers, tls } = await access.credentials();
    expect(headers).toEqual({ authorization: "Bearer secret" });
    expect([tls.ca, tls.cert, tls.key].map(String)).toEqual(["ca", "cert", "key"]);
    expect(tls).toMatchObject({ servername: "kubernetes", rejectUnauthorized: undefined });
  });

  it("uses the context that is asked for, and lists those that there are when it is missing", async () => {
    await write({ token: "secret" });
    expect((await load("other")).access.namespace).toBe("default");
    await expect(load("prod")).rejects.toThrow(/no context prod, there are: main, other, broken$/);
    await expect(load("broken")).rejects.toThrow("no cluster missing");
  });

  it("reads the file again when the server has refused what was in it", async () => {
    await write({ token: "old" });
    const { access } = await load();
    await access.credentials();
    await write({ token: "new" });
    expect((await access.credentials()).headers["authorization"]).toBe("Bearer old");
    access.invalidate();
    expect((await access.credentials()).headers["authorization"]).toBe("Bearer new");
  });

  it("merges the files of KUBECONFIG, where the first to name something wins, and one may be missing", async () => {
    await write({ token: "secret" });
    const second = join(folder, "second");
    const text = {
      contexts: [
        { name: "main", context: { cluster: "x", user: "y" } },
        { name: "theirs", context: { cluster: "c", user: "mine", namespace: "cart" } },
      ],
      users: [{ name: "mine", user: { tokenFile: "token", as: "robot" } }],
      "current-context": "theirs",
    };
    await writeFile(second, stringify(text));
    await writeFile(join(folder, "token"), "rotated\n");
    const environment = { KUBECONFIG: [join(folder, "gone"), path, second].join(delimiter) };
    const clock = new VirtualClock();
    const main = await loadKubeconfig({ environment, clock });
    expect(main.namespace).toBe("shop");
    const theirs = await loadKubeconfig({ environment, clock, context: "theirs" });
    expect(theirs.namespace).toBe("cart");
    expect((await theirs.credentials()).headers).toEqual({
      authorization: "Bearer rotated",
      "impersonate-user": "robot",
    });
  });

  it("finds ~/.kube/config, else the service account of its pod, else says what to do", async () => {
    const clock = new VirtualClock();
    const home = join(folder, "home");
    const serviceAccount = join(folder, "mounted");
    const options = { clock, home, serviceAccount };
    await expect(loadKubeconfig(options)).rejects.toThrow("none found; name one, set KUBECONFIG, or run in");

    await mkdir(serviceAccount);
    for (const file of ["token", "ca.crt", "namespace"])
      await writeFile(join(serviceAccount, file), `${file}\n`);
    const pod = await loadKubeconfig({ ...options, environment: { KUBERNETES_SERVICE_HOST: "fd00::1" } });
    expect([pod.server.href, pod.namespace]).toEqual(["https://[fd00::1]/", "namespace"]);
    const { headers, tls } = await pod.credentials();
    expect([headers["authorization"], String(tls.ca)]).toEqual(["Bearer token", "ca.crt\n"]);
    expect((await loadKubeconfig(options)).server.hostname).toBe("kubernetes.default.svc");

    await mkdir(join(home, ".kube"), { recursive: true });
    await write({ token: "secret" });
    await copyFile(path, join(home, ".kube", "config"));
    expect((await loadKubeconfig(options)).namespace).toBe("shop");
  });

  it("notices within seconds that the file of a token has changed", async () => {
    await write({ tokenFile: "token" });
    await writeFile(join(folder, "token"), "one");
    const { access, clock } = await load();
    await access.credentials();
    await writeFile(join(folder, "token"), "two");
    await clock.advance(10_000);
    expect((await access.credentials()).headers).toEqual({ authorization: "Bearer two" });
  });

  it("runs an exec plugin, keeps what it said, and does not repeat its failure as an answer", async () => {
    const output = (token: string) =>
      JSON.stringify({
        kind: "ExecCredential",
        apiVersion: "client.authentication.k8s.io/v1",
        status: { token },
      });
    const script = join(folder, "plugin.mjs");
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: process.execPath,
      args: [script],
      interactiveMode: "Never",
    };
    await write({ exec });
    const { access } = await load();
    await writeFile(script, "process.stderr.write('not logged in'); process.exit(1)");
    await expect(access.credentials()).rejects.toThrow("authenticating by kubeconfig: not logged in");
    const told = "const { spec } = JSON.parse(process.env.KUBERNETES_EXEC_INFO); if (!spec.interactive)";
    await writeFile(script, `${told} console.log(${JSON.stringify(output("from-plugin"))})`);
    expect((await access.credentials()).headers).toEqual({ authorization: "Bearer from-plugin" });
  });

  it("speaks plain HTTP to a local proxy", async () => {
    await write({ username: "me", password: "it" }, { server: "http://127.0.0.1:8001" });
    const { access } = await load();
    const { headers } = await access.credentials();
    expect(headers["authorization"]).toBe(`Basic ${Buffer.from("me:it").toString("base64")}`);
  });

  it("says which file is missing or broken", async () => {
    const clock = new VirtualClock();
    const missing = join(folder, "missing");
    const error = await loadKubeconfig({ path: missing, clock }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(KubeconfigError);
    expect((error as Error).message).toContain(`loading kubeconfig ${missing}: ENOENT`);
    await writeFile(path, "]: no yaml");
    await expect(load()).rejects.toThrow(KubeconfigError);
    await write({}, { server: "not a url" });
    await expect(load()).rejects.toThrow("not a server: not a url");
    await write({}, { "proxy-url": "http://proxy" });
    await expect((await load()).access.credentials()).rejects.toThrow("proxy-url is not supported");
  });
});
