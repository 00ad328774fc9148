import { createHmac } from "node:crypto";
import nock from "nock";
import { describe, expect, it } from "vitest";
import { mockHttp } from "../../../test/support/mocked-http.ts";
import { aLetter, aTransition, CHART, SECRET_URL } from "../../../test/support/notifier-world.ts";
import { SystemClock } from "../../lib/clock.ts";
import { HttpEdge } from "../http-edge.ts";
import { cloudEvent } from "./cloud-event.ts";
import { WebhookChannel } from "./webhook.ts";

const SPEC = { webhook: { secretRef: { name: "hook" } } };

describe("cloudEvent", () => {
  it("is a CloudEvent of version 1.0 with everything that is known", () => {
    expect(cloudEvent(aLetter(SPEC))).toEqual({
      specversion: "1.0",
      id: "uid-rollout/run-7/rolled-back",
      source: "/clusters/eu-1/namespaces/shop/rollouts/checkout",
      type: "dev.sluice.rollout.RolledBack",
      subject: "shop/checkout",
      time: "2026-01-05T09:00:00.000Z",
      datacontenttype: "application/json",
      severity: "error",
      data: {
        cluster: "eu-1",
        namespace: "shop",
        name: "checkout",
        target: "checkout",
        reason: "RolledBack",
        title: "shop/checkout: v3 rolled back at 25 %",
        text: "success-rate: 92.7 % where 99 % is allowed (1,204 requests).",
        next: 'Ship a fixed image, or: kubectl annotate rollout checkout sluice.dev/retry="why".',
        run: {
          id: 7,
          startedAt: "2026-01-05T08:48:00Z",
          revision: "7d9f5b",
          image: "shop/checkout:v3",
          weight: 25,
          share: "25 %",
          step: "2/3",
        },
        chart: CHART,
        dashboard: "https://grafana.test/d/sluice?var-rollout=checkout&from=1",
      },
    });
  });

  it("stays below 64 kB, which everybody on the way forwards, whatever it is told", () => {
    const long = "\u0001".repeat(60_000);
    const told = aTransition("run-7/rolled-back");
    const run = { ...told.run!, image: long };
    const missed = { count: 20, titles: Array.from({ length: 20 }, () => long) };
    const transition = { ...told, title: long, text: long, next: long, run };
    const event = cloudEvent(aLetter(SPEC, { transition, missed }));
    expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThanOrEqual(64_000);
    expect(event.data.text.length).toBeGreaterThanOrEqual(500);
  });

  it("leaves out what there is not, and says what was missed", () => {
    const missed = { count: 2, titles: ["a", "b"] };
    const letter = aLetter(SPEC, {
      transition: aTransition("rest/initialized"),
      cluster: undefined,
      dashboard: undefined,
      missed,
    });
    const { source, data } = cloudEvent(letter);
    expect(source).toBe("/namespaces/shop/rollouts/checkout");
    expect(Object.keys(data)).toEqual(["namespace", "name", "target", "reason", "title", "text", "missed"]);
  });
});

describe("WebhookChannel", () => {
  const channel = new WebhookChannel(
    new HttpEdge({ clock: new SystemClock(), timeoutMs: 5_000, allowHttp: false }),
  );

  mockHttp();

  it("signs the body byte for byte, and authorises itself", async () => {
    const body = JSON.stringify(cloudEvent(aLetter(SPEC)));
    const signature = createHmac("sha256", "k3y").update(body).digest("hex");
    const reqheaders = {
      "x-sluice-signature-256": `sha256=${signature}`,
      authorization: "Bearer abc",
      "content-type": "application/cloudevents+json; charset=utf-8",
    };
    const scope = nock("https://receiver.test", { reqheaders }).post(/.*/, body).reply(202);
    const secrets = { url: SECRET_URL, signature: "k3y", authorization: "Bearer abc" };
    expect(await channel.send(aLetter(SPEC, { secrets }))).toEqual({ result: "sent" });
    expect(scope.isDone()).toBe(true);
  });

  it.each([
    [204, { result: "sent" }],
    [429, { result: "retry", reason: "HTTP 429" }],
    [500, { result: "retry", reason: "HTTP 500" }],
    [301, { result: "refused", reason: "HTTP 301: redirects are not followed" }],
    [410, { result: "refused", reason: "HTTP 410" }],
  ])("takes %i as it is meant, and quotes nothing", async (status, outcome) => {
    nock("https://receiver.test")
      .post(/.*/)
      .reply(status, '{"error":"secrets"}', { location: "https://b.test" });
    expect(await channel.send(aLetter(SPEC))).toEqual(outcome);
  });

  it("sends no authorization that would break out of its header", async () => {
    const secrets = { url: SECRET_URL, authorization: "a\r\nX-Evil: 1" };
    expect(await channel.send(aLetter(SPEC, { secrets }))).toMatchObject({ result: "refused" });
  });
});
