import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { WORKING_MESSAGE } from "../../../src/app/controller-process.ts";
import { SystemClock, sleep } from "../../../src/lib/clock.ts";
import type { BenchArgs } from "../../bench.ts";
import { CountingServer } from "./counting-server.ts";
import { objectsAtRest, objectsInARun } from "./objects.ts";
import { addCopy, asOf, prepare } from "./populate.ts";
import { Requests } from "./requests.ts";

/** How many Rollouts, and what DESIGN's budgets allow with them. */
interface Size {
  readonly atRest: number;
  readonly running: number;
  readonly rssMb: number;
  readonly readyS: number;
}

const SIZES: readonly Size[] = [
  { atRest: 0, running: 0, rssMb: 90, readyS: 1 },
  { atRest: 100, running: 0, rssMb: 200, readyS: 1 },
  { atRest: 900, running: 100, rssMb: 200, readyS: 10 },
  { atRest: 10_000, running: 100, rssMb: 500, readyS: 10 },
];

const BUNDLE = "dist/sluice.mjs";

/** After this time a process that has nothing to do has come to rest. */
const REST_MS = 15_000;

/**
 * Starts the bundle of `npm run build` against an API server in this process, over HTTPS, and tells how long it takes
 * to be ready, how much memory it holds then, and what it writes (nothing, where no run is under way). `--scale 0.1`
 * leaves the larger sizes out.
 */
export async function main({ scale }: BenchArgs): Promise<void> {
  await access(BUNDLE).catch(() => {
    throw new Error(`There is no ${BUNDLE}: npm run build.`);
  });
  const bench = await Footprint.start();
  // Once for nothing: what is compiled is kept from then on, as it is in the image.
  await bench.measure();
  console.log("| at rest | running | ready after | budget | memory (RSS) | budget | writes in 15 s |");
  console.log("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const size of SIZES.filter(({ atRest }) => atRest <= 10_000 * scale)) {
    await bench.grow(size);
    const { readyMs, rss, writes } = await bench.measure();
    const ready = `${(readyMs / 1_000).toFixed(2)} s | ${size.readyS} s`;
    const memory = `${(rss / 1e6).toFixed(0)} MB | ${size.rssMb} MB`;
    console.log(`| ${size.atRest} | ${size.running} | ${ready} | ${memory} | ${writes} |`);
  }
  await bench.stop();
}

interface Measured {
  readonly readyMs: number;
  readonly rss: number;
  readonly writes: number;
}

/** Rollouts in an API server, and a controller that is started on them again and again. */
class Footprint {
  readonly #server: CountingServer;
  readonly #requests: Requests;
  readonly #prometheusUrl: string;
  #atRest = 0;
  #running = 0;

  private constructor(server: CountingServer, requests: Requests, prometheusUrl: string) {
    this.#server = server;
    this.#requests = requests;
    this.#prometheusUrl = prometheusUrl;
  }

  static async start(): Promise<Footprint> {
    const server = await CountingServer.start();
    await prepare(server.client);
    const most = Math.max(...SIZES.map(({ running }) => running));
    const requests = new Requests(Array.from({ length: most }, (_, index) => nameOf("running", index)));
    return new Footprint(server, requests, await requests.listen());
  }

  async grow({ atRest, running }: Size): Promise<void> {
    const { client } = this.#server;
    if (this.#atRest < atRest) {
      const kept = await objectsAtRest();
      for (; this.#atRest < atRest; this.#atRest += 1)
        await addCopy(client, kept, nameOf("rest", this.#atRest));
    }
    if (this.#running < running) {
      const kept = asOf(await objectsInARun(), Date.now());
      for (; this.#running < running; this.#running += 1)
        await addCopy(client, kept, nameOf("running", this.#running));
    }
  }

  async measure(): Promise<Measured> {
    const { flags, environment } = await imageSettings();
    const settings = [
      "--kubeconfig",
      this.#server.kubeconfig,
      "--prometheus",
      this.#prometheusUrl,
      "--listen",
      "",
    ];
    const started = performance.now();
    const child = spawn(process.execPath, [...flags, BUNDLE, "controller", ...settings], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...environment, NODE_COMPILE_CACHE: "dist/compiled" },
    });
    const lines = createInterface({ input: child.stderr });
    for await (const line of lines) if (line.includes(WORKING_MESSAGE)) break;
    const readyMs = performance.now() - started;
    const before = this.#server.writes;
    await sleep(new SystemClock(), REST_MS);
    const status = await readFile(`/proc/${child.pid}/status`, "utf8");
    const rss = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
    const writes = this.#server.writes - before;
    child.kill("SIGTERM");
    await once(child, "exit");
    return { readyMs, rss, writes };
  }

  async stop(): Promise<void> {
    await this.#requests.close();
    await this.#server.stop();
  }
}

function nameOf(kind: "rest" | "running", index: number): string {
  return `${kind}-${String(index).padStart(5, "0")}`;
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
