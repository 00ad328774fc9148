import fc from "fast-check";
import nock from "nock";
import { describe, expect, it } from "vitest";
import { mockHttp } from "../../../test/support/mocked-http.ts";
import { aLetter, ROLLED_BACK } from "../../../test/support/notifier-world.ts";
import { SystemClock } from "../../lib/clock.ts";
import { HttpEdge } from "../http-edge.ts";
import { DiscordChannel } from "./discord.ts";
import { discordMessage } from "./embed.ts";

const SPEC = { discord: { secretRef: { name: "discord" } } };

describe("discordMessage", () => {
  it("is one embed, and mentions nobody", () => {
    const message = discordMessage(aLetter(SPEC));
    expect(message.content).toBeUndefined();
    expect(message.allowed_mentions).toEqual({ parse: [] });
    expect(message.embeds[0]).toMatchObject({
      title: "shop/checkout: v3 rolled back at 25 %",
      url: "https://grafana.test/d/sluice?var-rollout=checkout&from=1",
      color: 0xe01e5a,
      timestamp: "2026-01-05T09:00:00.000Z",
      footer: { text: "cluster eu-1  |  Rollout shop/checkout  |  run 7  |  09:00:00 UTC" },
    });
    expect(message.embeds[0].fields[0]).toEqual({ name: "Image", value: "shop/checkout:v3", inline: true });
    expect(message.embeds[0].description).toContain("```\nerror rate in %");
  });

  it("rings where a title of the author's says so, and not for what it shows", () => {
    const transition = { ...ROLLED_BACK, title: "@everyone <@&1>" };
    const { content, allowed_mentions } = discordMessage(
      aLetter({ ...SPEC, title: "<@&42> {{ title }}" }, { transition }),
    );
    expect(content).toBe("<@&42> @\u200beveryone \\<@\u200b&1\\>");
    expect(allowed_mentions.parse).toContain("roles");
  });

  it("keeps within Discord's limits whatever it is told", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "*", "`", "🚀", "\n", "@"), maxLength: 5_000 });
    fc.assert(
      fc.property(text, text, text, (title, body, next) => {
        const transition = { ...ROLLED_BACK, title, text: body, next };
        const missed = { count: 3, titles: [title, title, title] };
        const message = discordMessage(
          aLetter({ ...SPEC, title: "{{ title }}!" }, { transition, missed, ageMs: 3_600_000 }),
        );
        const [embed] = message.embeds;
        expect(message.content?.length).toBeLessThanOrEqual(2_000);
        expect(embed.title.length).toBeLessThanOrEqual(256);
        expect(embed.description.length).toBeLessThanOrEqual(4_096);
        const all = [
          embed.title,
          embed.description,
          embed.footer.text,
          ...embed.fields.flatMap((f) => [f.name, f.value]),
        ];
        expect(all.join("").length).toBeLessThanOrEqual(6_000);
      }),
      { numRuns: 50 },
    );
  });
});

describe("DiscordChannel", () => {
  const channel = new DiscordChannel(
    new HttpEdge({ clock: new SystemClock(), timeoutMs: 5_000, allowHttp: false }),
  );

  mockHttp();

  it.each([
    [200, "{}", {}, { result: "sent" }],
    [
      429,
      '{"message":"You are being rate limited.","retry_after":0.65,"global":false}',
      { "retry-after": "0.65" },
      { result: "retry", reason: "HTTP 429", afterMs: 650 },
    ],
    [
      404,
      '{"message":"Unknown Webhook","code":10015}',
      {},
      { result: "refused", reason: "HTTP 404 code 10015" },
    ],
    [
      401,
      '{"message":"Invalid Webhook Token","code":50027}',
      {},
      { result: "refused", reason: "HTTP 401 code 50027" },
    ],
    [500, "", {}, { result: "retry", reason: "HTTP 500" }],
  ])("takes %i %s as it is meant, and waits for Discord's word", async (status, body, headers, outcome) => {
    const scope = nock("https://receiver.test")
      .post("/hooks/T000/verysecret")
      .query({ key: "alsosecret", wait: "true" })
      .reply(status, body, headers as Record<string, string>);
    expect(await channel.send(aLetter(SPEC))).toEqual(outcome);
    expect(scope.isDone()).toBe(true);
  });
});
