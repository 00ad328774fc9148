import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AxiosAdapter, AxiosError, AxiosHeaders } from "axios";
import { expect, test } from "vitest";
import { ROLLOUT } from "../../src/api/resource.ts";
import { driven } from "../../src/app/rehearsal.ts";
import type { WebhookTransport } from "../../src/gate/webhook/transport.ts";
import type { AnyObject } from "../../src/kube/object.ts";
import { EVENT, NAMESPACE, SECRET } from "../../src/kube/resources.ts";
import { sleep } from "../../src/lib/clock.ts";
import { inProcessAdapter } from "../../src/sim/prometheus/axios-adapter.ts";
import type { Span } from "../../src/telemetry/spans.ts";
import { WatchedWorld } from "../support/watched-world.ts";

/** Every secret has this in it, so that a part of one is found as well. */
const MARK = "hunter2";
const SECRETS = {
  slack: { url: `https://hooks.slack.com/services/T0/B0/${MARK}-slack`, token: `xoxb-${MARK}-token` },
  teams: { url: `https://prod.logic.azure.com/workflows/x?sig=${MARK}-teams` },
  hooks: { key: `${MARK}-hmac`, authorization: `Bearer ${MARK}-hook`, password: `${MARK}-url` },
} as const;

const SPEC = {
  steps: [{ weight: 50, hold: "1m" }],
  analysis: { interval: "15s", warmup: "0s", minRequests: 20, metrics: [{ name: "success-rate", min: 90 }] },
  webhooks: ["pre-rollout", "rollout", "event"].map((type) => ({
    name: type,
    type,
    url: `https://hooks.test/${type}`,
    ...(type === "event" ? {} : { threshold: 100 }),
    headers: [
      { name: "Authorization", valueFrom: { secretKeyRef: { name: "hooks", key: "authorization" } } },
    ],
    signature: { secretKeyRef: { name: "hooks", key: "key" } },
  })),
  notifications: [
    { slack: { secretRef: { name: "slack" } } },
    { slack: { tokenRef: { name: "slack", key: "token" }, channel: "#releases" } },
  ],
};

/** The worst of all receivers: every other request fails, and each failure holds the whole request. */
function talkative(answer: AxiosAdapter): AxiosAdapter {
  let count = 0;
  return async (config) => {
    count += 1;
    if (count % 3 === 0) return answer(config);
    const { url = "", headers, data } = config;
    const told = `${url} ${JSON.stringify(headers)} ${String(data)}`;
    if (count % 3 === 1) throw new AxiosError(`connect ECONNREFUSED ${told}`, "ECONNREFUSED", config);
    return { status: 500, statusText: told, data: told, config, headers: new AxiosHeaders() };
  };
}

function talkativeHooks(): WebhookTransport {
  let count = 0;
  return {
    post: async ({ url, headers }) => {
      count += 1;
      const told = `${url} ${JSON.stringify(headers)}`;
      if (count % 3 === 1) throw Object.assign(new Error(told), { code: "ECONNREFUSED" });
      return { status: count % 3 === 2 ? 403 : 200, headers: {}, body: told };
    },
  };
}

test("no secret is in logs, events, status, metrics, state or traces of a release whose every edge fails talkatively", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-secrets-"));
  await writeFile(join(folder, "token"), `${MARK}-prometheus`);
  const watched = new WatchedWorld();
  const { clock, world } = watched;
  const spans: Span[] = [];
  const ok: AxiosAdapter = async (config) => ({
    ...{ status: 200, statusText: "OK", data: "ok", config },
    headers: new AxiosHeaders(),
  });
  const { controller, health, debug, end } = watched.controller("sluice-a", {
    level: "debug",
    flags: {
      prometheus: `http://prometheus.test/`,
      prometheusCredentials: folder,
      slackApi: `https://user:${MARK}-api@slack.test/api`,
      dashboardUrl: `https://grafana.test/d/x?token=${MARK}-grafana`,
      notifications: [{ teams: { secretRef: { name: "teams" } } }],
    },
    prometheusAdapter: talkative(inProcessAdapter(world.prometheus)),
    receiverAdapter: talkative(ok),
    webhookTransport: talkativeHooks(),
    spans: { emit: (span) => spans.push(span) },
  });
  await driven(clock, watched.begin(SPEC));
  const system = { apiVersion: "v1", kind: "Namespace", metadata: { name: "sluice-system" } };
  await driven(clock, world.client.create(NAMESPACE, system));
  for (const [name, stringData] of Object.entries(SECRETS)) {
    const metadata = { name, namespace: name === "teams" ? "sluice-system" : "shop" };
    const secret = { apiVersion: "v1", kind: "Secret", metadata, stringData } as unknown as AnyObject;
    await driven(clock, world.client.create(SECRET, secret as never));
  }
  world.mesh.setTraffic("web", {
    host: "app",
    rps: 20,
    from: { workload: "web", namespace: "shop", labels: {} },
  });
  await driven(clock, controller.start());
  await driven(clock, sleep(clock, 120_000));
  await driven(clock, watched.release("app:v2"));
  const current = () => driven(clock, world.client.get(ROLLOUT, { namespace: "shop", name: "app" }));
  // Credentials are read from a disk, for which virtual time does not wait: how many queries come too late is chance.
  let rollout = await current();
  for (let tries = 0; tries < 12 && rollout.status?.history === undefined; tries += 1) {
    await driven(clock, sleep(clock, 900_000));
    rollout = await current();
  }
  const events = await driven(clock, world.client.list(EVENT, { namespace: "shop" }));
  const texts = {
    log: watched.lines.join("\n"),
    status: JSON.stringify(rollout.status),
    events: JSON.stringify(events.items),
    metrics: await (await health.request("/metrics")).text(),
    ready: await (await health.request("/readyz")).text(),
    state: await (await debug.request("/debug/state")).text(),
    traces: JSON.stringify(spans),
  };
  await driven(clock, end());
  await rm(folder, { recursive: true });

  // Everything was really used, and failed on the way.
  expect(rollout.status?.history?.[0]).toMatchObject({ result: "Succeeded" });
  expect(texts.events).toContain("ECONNREFUSED");
  expect(texts.log).toContain("decided");
  expect(texts.traces).toContain("webhook pre-rollout");
  const leaks = Object.entries(texts).flatMap(([where, text]) => {
    const at = text.indexOf(MARK);
    return at < 0 ? [] : [`${where}: ${text.slice(Math.max(0, at - 200), at + 60)}`];
  });
  expect(leaks).toEqual([]);
}, 60_000);
