import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { expect, it } from "vitest";
import { kubeconfigText, writeKubeconfig } from "./kubeconfig.ts";

const OPTIONS = {
  url: "https://127.0.0.1:6443",
  caCertificate: "-----BEGIN CERTIFICATE-----\n",
  token: "secret",
  namespace: "shop",
};

it("is read by the official client, with authority and token", () => {
  const config = new KubeConfig();
  config.loadFromString(kubeconfigText(OPTIONS));
  expect(config.getCurrentCluster()?.server).toBe(OPTIONS.url);
  expect(Buffer.from(config.getCurrentCluster()?.caData ?? "", "base64").toString()).toBe(
    OPTIONS.caCertificate,
  );
  expect(config.getCurrentUser()?.token).toBe("secret");
  expect(config.getContextObject("sluice")?.namespace).toBe("shop");
});

it("is written for its owner alone, and replaces the file that was there", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-"));
  const path = join(folder, "new", "config");
  try {
    await writeKubeconfig(path, OPTIONS);
    await writeKubeconfig(path, { ...OPTIONS, token: "other" });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, "utf8")).toContain("token: other");
  } finally {
    await rm(folder, { recursive: true });
  }
});
