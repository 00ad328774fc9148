import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Notification } from "../notify.ts";
import { type SlackBlock, slackMessage } from "./message.ts";

const ROLLED_BACK: Notification = {
  id: "run-7/rolled-back",
  rollout: { namespace: "shop", name: "checkout" },
  reason: "RolledBack",
  severity: "error",
  title: "shop/checkout: v3 rolled back at 25 %",
  text: "success-rate: 93.1 % where 99 % is allowed (1,204 requests).",
  next: 'Ship a fixed image, or: kubectl annotate rollout checkout sluice.dev/retry="why".',
  facts: [
    { name: "image", value: "shop/checkout:v3" },
    { name: "weight", value: "25 %" },
  ],
};

function blocksOf(notification: Notification): readonly SlackBlock[] {
  return slackMessage(notification, undefined).attachments[0].blocks;
}

describe("slackMessage", () => {
  it("says what, why, what next, facts and where", () => {
    expect(slackMessage(ROLLED_BACK, "eu-1")).toEqual({
      text: "shop/checkout: v3 rolled back at 25 %",
      attachments: [
        {
          color: "#e01e5a",
          fallback: "shop/checkout: v3 rolled back at 25 %",
          blocks: [
            {
              type: "section",
              text: { type: "mrkdwn", text: "success-rate: 93.1 % where 99 % is allowed (1,204 requests)." },
            },
            {
              type: "section",
              text: {
                type: "mrkdwn",
                text: '*Next:* Ship a fixed image, or: kubectl annotate rollout checkout sluice.dev/retry="why".',
              },
            },
            {
              type: "section",
              fields: [
                { type: "mrkdwn", text: "*image*\nshop/checkout:v3" },
                { type: "mrkdwn", text: "*weight*\n25 %" },
              ],
            },
            {
              type: "context",
              elements: [{ type: "mrkdwn", text: "cluster eu-1  |  Rollout shop/checkout" }],
            },
          ],
        },
      ],
    });
  });

  it("leaves out what there is not", () => {
    const { next: _next, ...rest } = ROLLED_BACK;
    expect(blocksOf({ ...rest, text: "", facts: [] })).toEqual([
      { type: "context", elements: [{ type: "mrkdwn", text: "Rollout shop/checkout" }] },
    ]);
  });

  it("has a colour for each severity", () => {
    const colors = (["info", "warning", "error"] as const).map(
      (severity) => slackMessage({ ...ROLLED_BACK, severity }, undefined).attachments[0].color,
    );
    expect(new Set(colors).size).toBe(3);
  });

  it("neither mentions nor links what a text says", () => {
    const told = { ...ROLLED_BACK, title: "<!channel> & co", text: "<https://evil.example|here>" };
    const message = slackMessage(told, undefined);
    expect(message.text).toBe("&lt;!channel&gt; &amp; co");
    expect(JSON.stringify(message)).not.toContain("<http");
  });

  it("keeps within Slack's limits whatever it is told, and cuts between characters", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "&", "<", ">", "\n", "é", "🚀"), maxLength: 4_000 });
    const facts = fc.array(fc.record({ name: text, value: text }), { maxLength: 15 });
    fc.assert(
      fc.property(text, text, text, facts, (title, body, next, factList) => {
        const message = slackMessage({ ...ROLLED_BACK, title, text: body, next, facts: factList }, "eu-1");
        expect(message.text.length).toBeLessThanOrEqual(3_000);
        expect(everyText(message.attachments[0].blocks).every((it) => it.isWithinLimit)).toBe(true);
        expect(JSON.stringify(message)).not.toMatch(/\\ud83d(?!\\ude80)/i);
        for (const { text: shown } of everyText(message.attachments[0].blocks)) {
          expect(shown.replaceAll(/&(amp|lt|gt);/g, "")).not.toMatch(/[&<>]/);
        }
      }),
      { numRuns: 100 },
    );
  });
});

function everyText(blocks: readonly SlackBlock[]): readonly { text: string; isWithinLimit: boolean }[] {
  return blocks.flatMap((block) => {
    if (block.type === "context")
      return block.elements.map(({ text }) => ({ text, isWithinLimit: text.length <= 2_000 }));
    if ("text" in block) return [{ text: block.text.text, isWithinLimit: block.text.text.length <= 3_000 }];
    expect(block.fields.length).toBeLessThanOrEqual(10);
    return block.fields.map(({ text }) => ({ text, isWithinLimit: text.length <= 2_000 }));
  });
}
