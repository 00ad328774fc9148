import nock from "nock";
import { describe, expect, it } from "vitest";
import { mockHttp } from "../../../test/support/mocked-http.ts";
import { aLetter, ROLLED_BACK } from "../../../test/support/notifier-world.ts";
import { SystemClock } from "../../lib/clock.ts";
import { HttpEdge } from "../http-edge.ts";
import { teamsMessage } from "./card.ts";
import { TeamsChannel } from "./teams.ts";

const SPEC = { teams: { secretRef: { name: "teams" } } };

function cardOf(...args: Parameters<typeof aLetter>) {
  return teamsMessage(aLetter(...args)).attachments[0].content;
}

describe("teamsMessage", () => {
  it("is one adaptive card with title, text, chart, next, facts, place and link", () => {
    const { body, actions } = cardOf(SPEC);
    expect(body.map(({ type }) => type)).toEqual([
      "RichTextBlock",
      "RichTextBlock",
      "Chart.Line",
      "RichTextBlock",
      "FactSet",
      "RichTextBlock",
    ]);
    expect(body[0]).toEqual({
      type: "RichTextBlock",
      inlines: [
        {
          type: "TextRun",
          text: "shop/checkout: v3 rolled back at 25 %",
          weight: "Bolder",
          size: "Medium",
          color: "Attention",
        },
      ],
    });
    expect(body[4]).toMatchObject({ facts: [{ title: "Image", value: "shop/checkout:v3" }, {}, {}, {}] });
    expect(actions).toEqual([
      {
        type: "Action.OpenUrl",
        title: "Dashboard",
        url: "https://grafana.test/d/sluice?var-rollout=checkout&from=1",
      },
    ]);
  });

  it("draws the evidence as a chart of Teams', and as blocks where a client has none", () => {
    const chart = cardOf(SPEC).body[2];
    expect(chart).toMatchObject({
      title: "error rate in %, 08:50:00 to 09:00:00 UTC",
      yAxisTitle: "%",
      data: [
        {
          legend: "canary",
          values: [
            { x: "08:53:20", y: 0.1 },
            { x: "08:55:00", y: 0.2 },
            { x: "08:56:40", y: 1.5 },
            { x: "08:58:20", y: 4 },
            { x: "09:00:00", y: 7.3 },
          ],
        },
        { legend: "primary" },
      ],
      fallback: { inlines: [{ text: expect.stringContaining("canary  ·▁▁▂▅█") }] },
    });
  });

  it("takes Markdown from a template alone", () => {
    const spec = { ...SPEC, text: "**{{ image }}** [runbook](https://wiki.test)" };
    const run = { ...ROLLED_BACK.run!, image: "[click](https://evil.test)" };
    expect(cardOf(spec, { transition: { ...ROLLED_BACK, run } }).body[1]).toMatchObject({
      type: "TextBlock",
      text: String.raw`**\[click\](https://evil.test)** [runbook](https://wiki.test)`,
    });
  });

  it("stays below 28 KB by cutting texts", () => {
    const text = "🚀 very long ".repeat(5_000);
    const transition = { ...ROLLED_BACK, title: text, text, next: text };
    const message = JSON.stringify(teamsMessage(aLetter(SPEC, { transition })));
    expect(Buffer.byteLength(message)).toBeLessThan(28_000);
    expect(message).toContain("…");
  });
});

describe("TeamsChannel", () => {
  const channel = new TeamsChannel(
    new HttpEdge({ clock: new SystemClock(), timeoutMs: 5_000, allowHttp: false }),
  );

  mockHttp();

  it.each([
    [202, "", {}, { result: "sent" }],
    [200, "1", {}, { result: "sent" }],
    [429, "", { "retry-after": "3" }, { result: "retry", reason: "HTTP 429", afterMs: 3_000 }],
    [502, '{"error":{"code":"NoResponse"}}', {}, { result: "retry", reason: "HTTP 502 NoResponse" }],
    [
      400,
      '{"error":{"code":"WorkflowTriggerIsNotEnabled","message":"https://prod.logic.test/sig=secret"}}',
      {},
      { result: "refused", reason: "HTTP 400 WorkflowTriggerIsNotEnabled" },
    ],
    [
      401,
      '{"error":{"code":"DirectApiAuthorizationRequired"}}',
      {},
      { result: "refused", reason: "HTTP 401 DirectApiAuthorizationRequired" },
    ],
    [404, "", {}, { result: "refused", reason: "HTTP 404" }],
  ])("takes %i %s as it is meant", async (status, body, headers, outcome) => {
    nock("https://receiver.test")
      .post(/.*/, (sent) => sent.type === "message" && sent.attachments[0].content.type === "AdaptiveCard")
      .reply(status, body, headers as Record<string, string>);
    expect(await channel.send(aLetter(SPEC))).toEqual(outcome);
  });
});
