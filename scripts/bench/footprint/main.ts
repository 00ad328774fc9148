import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { WORKING_MESSAGE } from "../../../src/app/controller-process.ts";
import { SystemClock, sleep } from "../../../src/lib/clock.ts";
import type { BenchArgs } from "../../bench.ts";
import { CountingServer } from "./counting-server.ts";
import { addCopy, objectsAtRest, prepare } from "./populate.ts";

/** Rollouts at rest, and what DESIGN's budgets allow there. */
const SIZES: readonly { readonly rollouts: number; readonly rssMb: number; readonly readyS: number }[] = [
  { rollouts: 0, rssMb: 90, readyS: 1 },
  { rollouts: 100, rssMb: 90, readyS: 1 },
  { rollouts: 1_000, rssMb: 200, readyS: 10 },
  { rollouts: 10_000, rssMb: 500, readyS: 10 },
];

const BUNDLE = "dist/sluice.mjs";

/** After this time a process that has nothing to do has come to rest. */
const REST_MS = 15_000;

/**
 * Starts the bundle of `npm run build` against an API server in this process, over HTTPS, and tells how long it takes
 * to be ready, how much memory it holds at rest, and what it writes there (nothing). `--scale 0.1` leaves the larger
 * sizes out.
 */
export async function main({ scale }: BenchArgs): Promise<void> {
  const kept = await objectsAtRest();
  const server = await CountingServer.start();
  await prepare(server.client);
  await startOnce(server);
  console.log("| Rollouts at rest | ready after | budget | memory at rest (RSS) | budget | writes at rest |");
  console.log("| ---: | ---: | ---: | ---: | ---: | ---: |");
  let made = 0;
  for (const { rollouts, rssMb, readyS } of SIZES.filter((size) => size.rollouts <= 10_000 * scale)) {
    for (; made < rollouts; made += 1) await addCopy(server.client, kept, made);
    const { readyMs, rss, writes } = await startOnce(server);
    console.log(
      `| ${rollouts} | ${(readyMs / 1_000).toFixed(2)} s | ${readyS} s | ${(rss / 1e6).toFixed(0)} MB | ${rssMb} MB | ${writes} |`,
    );
  }
  await server.stop();
}

interface Measured {
  readonly readyMs: number;
  readonly rss: number;
  readonly writes: number;
}

async function startOnce(server: CountingServer): Promise<Measured> {
  const { flags, environment } = await imageSettings();
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [...flags, BUNDLE, "controller", "--kubeconfig", server.kubeconfig, "--listen", ""],
    { stdio: ["ignore", "ignore", "pipe"], env: { ...environment, NODE_COMPILE_CACHE: "dist/compiled" } },
  );
  const lines = createInterface({ input: child.stderr });
  for await (const line of lines) if (line.includes(WORKING_MESSAGE)) break;
  const readyMs = performance.now() - started;
  const before = server.writes;
  await sleep(new SystemClock(), REST_MS);
  const status = await readFile(`/proc/${child.pid}/status`, "utf8");
  const rss = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
  const writes = server.writes - before;
  child.kill("SIGTERM");
  await once(child, "exit");
  return { readyMs, rss, writes };
}

/** How the image starts Node: its flags, and the environment. */
async function imageSettings() {
  const dockerfile = await readFile("Dockerfile", "utf8");
  const [, entrypoint = "[]"] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile) ?? [];
  const [, variables = ""] = /^ENV (.*)$/m.exec(dockerfile) ?? [];
  return {
    flags: (JSON.parse(entrypoint) as readonly string[]).filter((word) => word.startsWith("--")),
    environment: Object.fromEntries(variables.split(" ").map((pair) => pair.split("=") as [string, string])),
  };
}
