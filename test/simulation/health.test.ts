import { expect, test } from "vitest";
import { driven } from "../../src/app/rehearsal.ts";
import { sleep } from "../../src/lib/clock.ts";
import { WatchedWorld } from "../support/watched-world.ts";

const MINUTES = 60_000;
const LEASE = { namespace: "shop", name: "sluice" };

async function asked(app: { request(path: string): Response | Promise<Response> }, path: string) {
  const response = await app.request(path);
  return [response.status, (await response.text()).trim()];
}

test("a pass that never comes back makes a process unhealthy; servers that are down do not", async () => {
  const watched = new WatchedWorld();
  const { clock, world } = watched;
  const after = (ms: number) => driven(clock, sleep(clock, ms));
  await driven(clock, watched.begin());
  const { controller, health, debug, end } = watched.controller("sluice-a", {
    flags: { prometheus: "http://u:s3cret@prometheus:9090" },
  });
  expect(await asked(health, "/readyz")).toEqual([503, "caches have not synced yet"]);
  await driven(clock, controller.start());
  expect(await asked(health, "/readyz")).toEqual([200, "ok: leads"]);

  // A run that asks a Prometheus which refuses, then an API server that refuses as well.
  await after(MINUTES);
  await watched.release("app:v2");
  await after(2 * MINUTES);
  world.apiFaults.set({ kind: "down" });
  await after(6 * MINUTES);
  expect(await asked(health, "/healthz")).toEqual([200, "ok"]);
  expect(await asked(health, "/readyz")).toEqual([503, expect.stringContaining("connection refused")]);

  world.apiFaults.set(null);
  await after(MINUTES);
  expect(await asked(health, "/readyz")).toEqual([200, "ok: leads"]);
  watched.hangs = true;
  await watched.release("app:v3");
  await after(4 * MINUTES);
  expect(await asked(health, "/healthz")).toEqual([200, "ok"]);
  await after(2 * MINUTES);
  const stuck = "the pass over shop/app has been under way for more than 300 s";
  expect(await asked(health, "/healthz")).toEqual([503, stuck]);
  expect(watched.lines.filter((line) => line.includes("the process is stuck"))).toHaveLength(1);

  const [, state] = await asked(debug, "/debug/state?rollout=shop/app");
  expect(JSON.parse(String(state))).toMatchObject({
    instance: "sluice-a",
    problems: [stuck],
    leadership: { leads: true, holder: null },
    queue: { underWay: [{ rollout: "shop/app" }] },
    rollouts: [
      { rollout: "shop/app", phase: expect.any(String), lastDecision: { revision: expect.any(String) } },
    ],
    settings: { prometheus: "http://prometheus:9090/" },
  });
  await driven(clock, end());
}, 60_000);

test("a standby is ready, and says who leads; without a Lease that can be read it is not", async () => {
  const watched = new WatchedWorld();
  const { clock, world } = watched;
  await driven(clock, watched.begin());
  const [first, second] = [
    watched.controller("sluice-a", { lease: LEASE }),
    watched.controller("sluice-b", { lease: LEASE }),
  ];
  await driven(clock, first.controller.start());
  await driven(clock, sleep(clock, MINUTES));
  await driven(clock, second.controller.start());
  await driven(clock, sleep(clock, MINUTES));
  expect(await asked(first.health, "/readyz")).toEqual([200, "ok: leads"]);
  expect(await asked(second.health, "/readyz")).toEqual([200, "ok: stands by, sluice-a leads"]);

  world.apiFaults.set({ kind: "errors", rate: 1, status: 500 });
  await driven(clock, sleep(clock, 3_000));
  expect(await asked(second.health, "/readyz")).toEqual([
    503,
    expect.stringContaining("the Lease shop/sluice"),
  ]);
  world.apiFaults.set(null);
  await driven(clock, Promise.all([first.end(), second.end()]));
}, 60_000);

test("the level of the log changes while it runs; web pages may neither read nor change anything", async () => {
  const { debug } = new WatchedWorld().controller("sluice-a");
  const put = (body: string, headers = {}) =>
    debug.request("/debug/log-level", { method: "PUT", body, headers });
  expect(await asked(debug, "/debug/log-level")).toEqual([200, "info"]);
  expect((await put("debug\n")).status).toBe(200);
  expect(await asked(debug, "/debug/log-level")).toEqual([200, "debug"]);
  expect((await put("chatty")).status).toBe(400);
  expect((await put("error", { origin: "http://evil.test" })).status).toBe(403);
  expect(await asked(debug, "/debug/log-level")).toEqual([200, "debug"]);
});
