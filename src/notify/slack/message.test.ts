import fc from "fast-check";
import nock from "nock";
import { describe, expect, it } from "vitest";
import { mockHttp } from "../../../test/support/mocked-http.ts";
import { aLetter, aTransition, ROLLED_BACK } from "../../../test/support/notifier-world.ts";
import { SystemClock } from "../../lib/clock.ts";
import { HttpEdge } from "../http-edge.ts";
import { type SlackBlock, slackMessage } from "./message.ts";
import { SlackChannel } from "./slack.ts";

const SPEC = { slack: { secretRef: { name: "slack" } } };

function blocksOf(...[more]: [Parameters<typeof aLetter>[1]?]): readonly SlackBlock[] {
  return slackMessage(aLetter(SPEC, more)).attachments[0].blocks;
}

const mrkdwn = (text: string) => ({ type: "mrkdwn", text });

describe("slackMessage", () => {
  it("says what, why, the evidence, what next, facts, where, and links the dashboard", () => {
    const title = "shop/checkout: v3 rolled back at 25 %";
    const chart = [
      "error rate in %, 08:50:00 to 09:00:00 UTC",
      "canary  ·▁▁▂▅█  7.3 now, 7.3 at most",
      "primary ▁▁▁▁▁▁  0.1 now, 0.2 at most",
    ].join("\n");
    expect(slackMessage(aLetter(SPEC))).toEqual({
      text: title,
      attachments: [
        {
          color: "#e01e5a",
          fallback: title,
          blocks: [
            {
              type: "section",
              text: mrkdwn("success-rate: 92.7 % where 99 % is allowed (1,204 requests)."),
            },
            { type: "section", text: mrkdwn(`\`\`\`${chart}\`\`\``) },
            {
              type: "section",
              text: mrkdwn(
                '*Next:* Ship a fixed image, or: kubectl annotate rollout checkout sluice.dev/retry="why".',
              ),
            },
            {
              type: "section",
              fields: [
                mrkdwn("*Image*\nshop/checkout:v3"),
                mrkdwn("*Revision*\n7d9f5b"),
                mrkdwn("*Weight*\n25 % (step 2/3)"),
                mrkdwn("*Running for*\n12m"),
              ],
            },
            {
              type: "context",
              elements: [
                mrkdwn(
                  "cluster eu-1  |  Rollout shop/checkout  |  run 7  |  09:00:00 UTC  |  <https://grafana.test/d/sluice?var-rollout=checkout&amp;from=1|Dashboard>",
                ),
              ],
            },
          ],
        },
      ],
    });
  });

  it("leaves out what there is not", () => {
    const transition = aTransition("rest/initialized", { text: "" });
    expect(blocksOf({ transition, cluster: undefined, dashboard: undefined })).toEqual([
      { type: "context", elements: [mrkdwn("Rollout shop/checkout  |  09:00:00 UTC")] },
    ]);
  });

  it("has a colour for each severity", () => {
    const colors = (["info", "warning", "error"] as const).map(
      (severity) =>
        slackMessage(aLetter(SPEC, { transition: { ...ROLLED_BACK, severity } })).attachments[0].color,
    );
    expect(new Set(colors).size).toBe(3);
  });

  it("lets a template mention people, and not what a template shows", () => {
    const spec = { ...SPEC, title: "<!here> {{ title }}" };
    const transition = { ...ROLLED_BACK, title: "<!channel> & co" };
    expect(slackMessage(aLetter(spec, { transition })).text).toBe("<!here> &lt;!channel&gt; &amp; co");
  });

  it("keeps within Slack's limits whatever it is told", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "&", "<", ">", "\n", "é", "🚀"), maxLength: 4_000 });
    fc.assert(
      fc.property(text, text, text, text, (title, body, next, image) => {
        const run = { ...ROLLED_BACK.run!, image };
        const transition = { ...ROLLED_BACK, title, text: body, next, run };
        const message = slackMessage(aLetter(SPEC, { transition }));
        const { blocks } = message.attachments[0];
        expect(message.text.length).toBeLessThanOrEqual(3_000);
        expect(blocks.length).toBeLessThanOrEqual(50);
        for (const { text: shown, limit } of everyText(blocks)) {
          expect(shown.length).toBeLessThanOrEqual(limit);
          expect(shown.replaceAll(/&(amp|lt|gt);|<https:[^<>|]+\|Dashboard>/g, "")).not.toMatch(/[&<>]/);
        }
      }),
      { numRuns: 50 },
    );
  });
});

function everyText(
  blocks: readonly SlackBlock[],
): readonly { readonly text: string; readonly limit: number }[] {
  return blocks.flatMap((block) => {
    if (block.type === "context") return block.elements.map(({ text }) => ({ text, limit: 3_000 }));
    if ("text" in block) return [{ text: block.text.text, limit: 3_000 }];
    expect(block.fields.length).toBeLessThanOrEqual(10);
    return block.fields.map(({ text }) => ({ text, limit: 2_000 }));
  });
}

describe("SlackChannel", () => {
  const edge = new HttpEdge({ clock: new SystemClock(), timeoutMs: 5_000, allowHttp: false });
  const channel = new SlackChannel(edge, "https://slack.com/api");

  mockHttp();

  it("posts to an incoming webhook", async () => {
    const scope = nock("https://receiver.test")
      .post(
        "/hooks/T000/verysecret?key=alsosecret",
        slackMessage(aLetter(SPEC)) as unknown as nock.DataMatcherMap,
      )
      .reply(200, "ok");
    expect(await channel.send(aLetter(SPEC))).toEqual({ result: "sent" });
    expect(scope.isDone()).toBe(true);
  });

  it.each([
    [404, "no_service", { result: "refused", reason: "HTTP 404 no_service" }],
    [403, "invalid_token <https://a.test>", { result: "refused", reason: "HTTP 403" }],
    [429, "rate_limited", { result: "retry", reason: "HTTP 429 rate_limited" }],
  ])("quotes of %i %s no more than Slack's word", async (status, body, outcome) => {
    nock("https://receiver.test").post(/.*/).reply(status, body);
    expect(await channel.send(aLetter(SPEC))).toEqual(outcome);
  });

  it("posts to Slack's Web API with a token, and waits as long as it asks for", async () => {
    const spec = { slack: { tokenRef: { name: "slack" }, channel: "C042" } };
    const letter = aLetter(spec, { secrets: { token: "xoxb-1" } });
    nock("https://slack.com", { reqheaders: { authorization: "Bearer xoxb-1" } })
      .post("/api/chat.postMessage", ({ channel: to }) => to === "C042")
      .reply(429, '{"ok":false,"error":"ratelimited"}', { "retry-after": "12" })
      .post("/api/chat.postMessage")
      .reply(200, '{"ok":true,"channel":"C042","ts":"1.2"}');
    expect(await channel.send(letter)).toEqual({
      result: "retry",
      reason: "HTTP 429 ratelimited",
      afterMs: 12_000,
    });
    expect(await channel.send(letter)).toEqual({ result: "sent", thread: "C042/1.2" });
  });
});
