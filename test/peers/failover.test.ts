import { afterAll, beforeAll, expect, test } from "vitest";
import type { SluiceProcess } from "../support/playground-process.ts";
import { SharedWorld } from "../support/two-controllers.ts";

let shared: SharedWorld;

beforeAll(async () => {
  shared = await SharedWorld.create();
}, 60_000);
afterAll(() => shared.close());

/** Of the two the one that the Lease names. */
async function leaderOf(...processes: readonly SluiceProcess[]): Promise<SluiceProcess> {
  const holder = await shared.holder();
  const leader = processes.find(({ pid }) => holder.includes(`-${pid}-`));
  if (leader === undefined) throw new Error(`${holder} is none of ours`);
  return leader;
}

test("a release goes on through the orderly end and the sudden death of its leader", async () => {
  const [a, b] = [await shared.start(), await shared.start()];
  await shared.until(async () => (await shared.holder()) !== "", 30_000, "a first leader");
  await shared.until(() => shared.status?.phase === "Initialized", 60_000, "adoption");
  // Before its first pod is ready nothing can serve; from here on every request must be served.
  const releasedAt = shared.clock.now();
  await shared.release("v2");
  await shared.until(() => shared.status?.canaryWeight === 20, 60_000, "the first weight");

  // A pass that waits for evidence must not hold the end up.
  shared.world.prometheus.setFault({ kind: "slow", delayMs: 20_000 });
  const first = await leaderOf(a, b);
  const firstIdentity = await shared.holder();
  const askedAt = performance.now();
  const exit = first.stop("SIGTERM").then((code) => ({ code, tookMs: performance.now() - askedAt }));
  const handedOverMs = await shared.until(
    async () => !["", firstIdentity].includes(await shared.holder()),
    20_000,
    "a leader after SIGTERM",
  );
  const { code, tookMs: exitMs } = await exit;
  shared.world.prometheus.setFault(null);
  expect(code).toBe(0);
  expect(exitMs).toBeLessThan(5_000);
  expect(handedOverMs).toBeLessThan(8_000);

  const rest = first === a ? b : a;
  const third = await shared.start();
  await shared.until(() => shared.status?.canaryWeight === 50, 90_000, "the second weight");
  const second = await leaderOf(rest, third);
  const secondIdentity = await shared.holder();
  const killedAt = performance.now();
  await second.stop("SIGKILL");
  await shared.until(
    async () => (await shared.holder()) !== secondIdentity,
    40_000,
    "a leader after SIGKILL",
  );
  const takenOverMs = performance.now() - killedAt;
  expect(takenOverMs).toBeLessThan(25_000);

  await shared.until(() => shared.status?.phase === "Succeeded", 180_000, "the promotion");
  expect(shared.world.mesh.truth.userErrors({ fromMs: releasedAt })).toBe(0);
  console.info(
    `SIGTERM: exit after ${Math.round(exitMs)} ms, another leads after ${Math.round(handedOverMs)} ms; SIGKILL: after ${Math.round(takenOverMs)} ms`,
  );
}, 400_000);
