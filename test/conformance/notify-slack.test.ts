import { SlackChannel } from "../../src/notify/slack/slack.ts";
import { type Arrival, stringsIn } from "../support/notifier-world.ts";
import { notifierContract } from "./notifier.contract.ts";

const MARKUP = ["<!channel>", "<@U123>", "<https://evil.test|here>"];

function read({ body }: Arrival): string {
  return stringsIn(body).replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

notifierContract(SlackChannel.name, {
  spec: { slack: { secretRef: { name: "receiver" } } },
  textOf: read,
  maxBytes: 60_000,
  mustNotContain: MARKUP,
});

notifierContract("Slack's bot", {
  spec: { slack: { tokenRef: { name: "receiver" }, channel: "#releases" } },
  textOf: (arrival) => (arrival.url.endsWith("/chat.postMessage") ? read(arrival) : null),
  yes: () => ({ status: 200, body: JSON.stringify({ ok: true, channel: "C1", ts: "1767600000.000100" }) }),
  maxBytes: 60_000,
  mustNotContain: MARKUP,
});
