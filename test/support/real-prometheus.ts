import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoredSeries } from "../../src/sim/promql/series.ts";
import { writeRequest } from "./remote-write.ts";

/** The major version of the `prometheus` in PATH; null when there is none. */
export function installedPrometheus(): number | null {
  const { status, stdout, stderr } = spawnSync("prometheus", ["--version"], { encoding: "utf8" });
  if (status !== 0) return null;
  return Number(/version (\d+)\./.exec(stdout + stderr)?.[1] ?? "2");
}

/** A real Prometheus with a directory of its own; call `stop` at the end. */
export class RealPrometheus {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #directory: string;

  private constructor(url: string, child: ChildProcess, directory: string) {
    this.url = url;
    this.#process = child;
    this.#directory = directory;
  }

  /** `scrapeConfigs`: YAML (or JSON) text of the list of that name. */
  static async start(scrapeConfigs = "[]", port?: number): Promise<RealPrometheus> {
    const directory = mkdtempSync(join(tmpdir(), "prometheus-"));
    const config = join(directory, "prometheus.yml");
    writeFileSync(config, `scrape_configs: ${scrapeConfigs}\n`);
    const address = `127.0.0.1:${port ?? (await freePort())}`;
    const child = spawn(
      "prometheus",
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(directory, "data")}`,
        "--storage.tsdb.retention.time=100y",
        `--web.listen-address=${address}`,
        "--web.enable-remote-write-receiver",
        "--query.lookback-delta=5m",
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    await readyLine(child);
    return new RealPrometheus(`http://${address}`, child, directory);
  }

  /** Stores series by remote write, in the order of time, staleness markers included. */
  async write(series: readonly StoredSeries[]): Promise<void> {
    const times = series.flatMap((one) => [...one.times, ...one.staleTimes]);
    const [first, last] = [Math.min(...times), Math.max(...times)];
    // In slices, because the head block refuses what is much older than its newest sample.
    for (let fromMs = first - 1; fromMs <= last; fromMs += 600_000) {
      const response = await fetch(`${this.url}/api/v1/write`, {
        method: "POST",
        headers: { "content-encoding": "snappy", "content-type": "application/x-protobuf" },
        body: new Uint8Array(writeRequest(series, fromMs, fromMs + 600_000)),
      });
      if (!response.ok) throw new Error(`remote write: ${response.status} ${await response.text()}`);
    }
  }

  async get(
    path: string,
    params: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${this.url}${path}`, { method: "POST", body: new URLSearchParams(params) });
    return { status: response.status, body: await response.json() };
  }

  /** A port that was free a moment ago, for whoever must know it before the server is up. */
  static reservePort(): Promise<number> {
    return freePort();
  }

  async stop(): Promise<void> {
    const exited = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGTERM");
    await exited;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Resolves when the log says that the server answers. */
function readyLine(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-10_000);
      if (log.includes("Server is ready to receive web requests")) resolve();
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`prometheus ended with ${code}: ${log.slice(-500)}`)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
