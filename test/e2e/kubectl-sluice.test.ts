import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CliCluster } from "../support/cli-cluster.ts";
import { findTool, Tool } from "../support/kubectl.ts";
import { STATUSES } from "../support/released-rollouts.ts";

const path = findTool("kubectl");
if (path === undefined) console.info("No kubectl: skipped. `node scripts/fetch-kubectl.ts` fetches one.");

let cluster: CliCluster;
let kubectl: Tool;
let folder: string;

beforeAll(async () => {
  if (path === undefined) return;
  folder = await mkdtemp(join(tmpdir(), "sluice-kubectl-"));
  await symlink(resolve("src/cli/main.ts"), join(folder, "kubectl-sluice"));
  cluster = await CliCluster.start();
  const orders = await cluster.release("orders", STATUSES.failed);
  await cluster.release("checkout", STATUSES.stepping);
  await cluster.release("stock", STATUSES.waitingForGates);
  await cluster.tell(orders, {
    reason: "RolledBack",
    message:
      "shop/checkout:v2 rolled back at 25 %. latency: p99 is 620 ms (limit 500 ms). All traffic is on shop/checkout:v1.",
    at: "2026-01-05T09:04:00Z",
    type: "Warning",
  });
  kubectl = new Tool(path, { kubeconfig: await cluster.kubeconfig((text) => text), home: folder });
});

afterAll(async () => {
  await cluster?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true });
});

async function shown(args: string): Promise<string> {
  const environment = { PATH: `${folder}:${dirname(process.execPath)}:/usr/bin:/bin` };
  const { exit, stdout, stderr } = await kubectl.run(args.split(" "), { environment });
  const errors = stderr === "" ? "" : `[standard error]\n${stderr}`;
  const text = `$ kubectl ${args}\n${stdout}${errors}[exit ${exit}]\n`;
  return (
    text
      .replaceAll(/(UID:\s+)\S+/g, "$1...")
      .replaceAll(/(Resource Version:\s+)\S+/g, "$1...")
      // kubectl reckons ages by its own clock, and makes the column as wide as they are.
      .replace(/^Events:[\s\S]*/m, (events) =>
        events.replaceAll(/ {2,}/g, "  ").replace(/(Warning {2}RolledBack {2})\S+/, "$1AGE"),
      )
  );
}

describe.skipIf(path === undefined)("with the real kubectl", () => {
  test("get rollouts has the columns that one wants to see, and -o wide the sentence", async () => {
    const text = `${await shown("get rollouts -n shop")}\n${await shown("get rollouts -A -o wide")}`;
    await expect(text).toMatchFileSnapshot("../transcripts/kubectl-get.txt");
  });

  test("describe tells the story", async () => {
    const text = await shown("describe rollout orders -n shop");
    await expect(text).toMatchFileSnapshot("../transcripts/kubectl-describe.txt");
  });

  test("sluice is one of its commands, exit codes included", async () => {
    const commands = [
      "sluice get -n shop -o name",
      "sluice status orders -n shop",
      "sluice abort order -n shop",
    ];
    const texts: string[] = [];
    for (const command of commands) texts.push(await shown(command));
    await expect(texts.join("\n")).toMatchFileSnapshot("../transcripts/kubectl-plugin.txt");
  });
});
