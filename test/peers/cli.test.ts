import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { SystemClock } from "../../src/lib/clock.ts";
import { type Ran, sluice } from "../support/command-line.ts";
import { SluiceProcess } from "../support/playground-process.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-cli-"));
const kubeconfig = join(folder, "kubeconfig");
const playground = new SluiceProcess(["playground", "--kubeconfig", kubeconfig, "--speed", "2"]);

afterAll(async () => {
  await playground.stop("SIGTERM");
  rmSync(folder, { recursive: true });
});

function run(command: string): Promise<Ran> {
  return sluice([...command.split(" "), "--kubeconfig", kubeconfig], { clock: new SystemClock() });
}

test("CI waits for its own revision, and a person on call stops what was tried again", async () => {
  await playground.line(/RunStarted .*v2/, 60_000);
  expect(await run("wait checkout --image shop/checkout:v2 --timeout 2m")).toMatchObject({ code: 0 });
  const bad = await run("wait checkout --image shop/checkout:v3 --timeout 2m");
  expect(bad.code).toBe(1);
  // Which of the two is sure first is chance: the comparison with the primary, or the limit.
  expect(bad.err).toMatch(/checkout:v3 has failed\. success-rate: (canary fails |success rate .* is below )/);
  await playground.line(/cluster stays up/i, 60_000);

  const refused = await run("approve checkout");
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("no step is under way") });
  expect(await run("retry checkout --reason again")).toMatchObject({ code: 0, err: "" });
  const aborted = await run("abort checkout --reason enough");
  expect(aborted.out).toMatch(/done\. Aborted by .* \(sluice\): enough\./);
  const { out } = await run("status checkout");
  expect(out).toMatch(/rejected shop\/checkout:v3/);
  expect(out).toMatch(/RolledBack .*Aborted/);
  expect((await run("explain checkout")).out).toContain("istio_requests_total{");
}, 240_000);
