import { readFile } from "node:fs/promises";
import { type AxiosAdapter, AxiosHeaders } from "axios";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { receiversInProcess } from "../../src/app/embedded-receivers.ts";
import { rehearse } from "../../src/app/rehearsal.ts";
import { loadConfig } from "../../src/config/config.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import type { TeamsMessage } from "../../src/notify/teams/card.ts";
import type { CloudEvent } from "../../src/notify/webhook/cloud-event.ts";
import { loadScenario } from "../../src/sim/scenario/load.ts";
import { EmbeddedSlack } from "../../src/sim/slack/embedded-slack.ts";

const CONFIG_FILE = parse(await readFile("examples/notifications/sluice.yaml", "utf8")) as Record<
  string,
  unknown
>;

/** Plays the example; what each receiver was sent. */
async function play() {
  const loaded = await loadScenario("examples/notifications/scenario.yaml", (path) => readFile(path, "utf8"));
  const { slackApi } = loadConfig({ flags: CONFIG_FILE, environment: {} });
  let slack = new EmbeddedSlack(new VirtualClock());
  const others: { readonly host: string; readonly body: string }[] = [];
  const receivers = (clock: VirtualClock): AxiosAdapter => {
    slack = new EmbeddedSlack(clock);
    const toSlack = receiversInProcess(slack, slackApi);
    return async (config) => {
      const { url = "", data } = config;
      if (url.startsWith(slackApi)) return toSlack(config);
      others.push({ host: new URL(url).host, body: String(data) });
      return { status: 202, statusText: "", data: "", config, headers: new AxiosHeaders() };
    };
  };
  const result = await rehearse({
    loaded,
    flags: { ...CONFIG_FILE, notifications: [] },
    receivers: (clock) => receivers(clock as VirtualClock),
  });
  return { result, posts: slack.posts, others };
}

test("each receiver of the example is told what it asked for, once", async () => {
  const { result, posts, others } = await play();
  expect(result.expectations).toBe("met");

  const heads = posts.filter(({ threadTs }) => threadTs === null);
  expect(heads.map(({ text, edits }) => [text, edits])).toEqual([
    ["shop/checkout: shop/checkout:v1 serves from 3 primary pods", 0],
    ["shop/checkout: shop/checkout:v2 rolled back at 50 %", 6],
  ]);
  const replies = posts.filter(({ threadTs }) => threadTs !== null);
  expect(
    replies.map(({ text, isBroadcast }) => [
      text.replace("shop/checkout: shop/checkout:v2 ", ""),
      isBroadcast,
    ]),
  ).toEqual([
    ["gets 5 % of requests", false],
    ["gets 25 % of requests", false],
    ["waits for approval at 25 %", true],
    ["is approved at 25 %", false],
    ["gets 50 % of requests", false],
    ["rolled back at 50 %", true],
  ]);
  expect(new Set(replies.map(({ threadTs }) => threadTs))).toEqual(new Set([heads[1]?.ts]));
  expect(JSON.stringify(replies.at(-1))).toMatch(/error rate in %.*canary {2}[▁▂]+[▃▄▅▆▇█]/);

  const events = others.filter(({ host }) => host === "pager.example.com");
  const reasons = events.map(({ body }) => (JSON.parse(body) as CloudEvent).data.reason);
  expect(reasons).toEqual(["ApprovalNeeded", "RolledBack"]);
  const cards = others.filter(({ host }) => host.endsWith("logic.azure.com"));
  expect(cards).toHaveLength(1);
  const [title] = (JSON.parse(cards[0]?.body ?? "") as TeamsMessage).attachments[0].content.body;
  expect(title).toMatchObject({ type: "TextBlock", text: "shop/checkout:v2 failed in eu-1" });
});

test("the example's configuration of the controller can be used", () => {
  const { notifications, clusterName } = loadConfig({ flags: CONFIG_FILE, environment: {} });
  expect([notifications.length, clusterName]).toEqual([2, "eu-1"]);
});
