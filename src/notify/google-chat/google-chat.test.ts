import nock from "nock";
import { afterEach, describe, expect, it } from "vitest";
import { mockHttp } from "../../../test/support/mocked-http.ts";
import { aLetter, aTransition, ROLLED_BACK } from "../../../test/support/notifier-world.ts";
import { SystemClock } from "../../lib/clock.ts";
import { HttpEdge } from "../http-edge.ts";
import { googleChatMessage } from "./card.ts";
import { GoogleChatChannel } from "./google-chat.ts";

const SPEC = { googleChat: { secretRef: { name: "chat" } } };

describe("googleChatMessage", () => {
  it("is one card in the run's thread", () => {
    const message = googleChatMessage(aLetter(SPEC));
    const [{ card }] = message.cardsV2;
    expect(message).toMatchObject({
      fallbackText: "🔴 shop/checkout: v3 rolled back at 25 %",
      thread: { threadKey: "uid-rollout-run-7" },
    });
    expect(message.text).toBeUndefined();
    expect(card.header).toEqual({
      title: "🔴 shop/checkout: v3 rolled back at 25 %",
      subtitle: "cluster eu-1  |  Rollout shop/checkout  |  run 7  |  09:00:00 UTC",
    });
    expect(card.sections[0]?.widgets).toContainEqual({
      decoratedText: {
        topLabel: "canary: error rate in %, 08:50:00 to 09:00:00 UTC",
        text: "·▁▁▂▅█  7.3 now, 7.3 at most",
      },
    });
    expect(card.sections[0]?.widgets.at(-1)).toMatchObject({
      buttonList: { buttons: [{ text: "Dashboard" }] },
    });
  });

  it("escapes HTML, and mentions only where a template does", () => {
    const transition = { ...ROLLED_BACK, title: "<users/all>", text: "<b>&" };
    const message = googleChatMessage(aLetter({ ...SPEC, title: "<users/all> {{ title }}" }, { transition }));
    expect(message.text).toBe("<users/all> <\u200busers/all>");
    expect(message.cardsV2[0].card.sections[0]?.widgets[0]).toEqual({
      textParagraph: { text: "&lt;b&gt;&amp;" },
    });
  });

  it("stays below 32,000 bytes by cutting texts", () => {
    const text = "🚀 & very long ".repeat(5_000);
    const transition = { ...ROLLED_BACK, title: text, text, next: text };
    const bytes = Buffer.byteLength(JSON.stringify(googleChatMessage(aLetter(SPEC, { transition }))));
    expect(bytes).toBeLessThan(32_000);
  });
});

describe("GoogleChatChannel", () => {
  const channel = new GoogleChatChannel(
    new HttpEdge({ clock: new SystemClock(), timeoutMs: 5_000, allowHttp: false }),
  );
  const queries: URLSearchParams[] = [];

  function googleAnswers(status: number, body = "{}"): void {
    nock("https://receiver.test")
      .post(/.*/)
      .query((query) => {
        queries.push(new URLSearchParams(query as Record<string, string>));
        return true;
      })
      .reply(status, body);
  }

  mockHttp();
  afterEach(() => {
    queries.length = 0;
  });

  it("names the request after the transition, so that one that is repeated makes no second message", async () => {
    for (const transition of [ROLLED_BACK, ROLLED_BACK, aTransition("rest/initialized")]) {
      googleAnswers(200);
      await channel.send(aLetter(SPEC, { transition }));
    }
    const [first, again, other] = queries;
    expect(first?.get("key")).toBe("alsosecret");
    expect(first?.get("messageReplyOption")).toBe("REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
    expect(first?.get("requestId")).toMatch(/^[0-9a-f]{32}$/);
    expect(again?.get("requestId")).toBe(first?.get("requestId"));
    expect(other?.get("requestId")).not.toBe(first?.get("requestId"));
    expect(other?.get("messageReplyOption")).toBeNull();
  });

  it.each([
    [
      429,
      '{"error":{"status":"RESOURCE_EXHAUSTED"}}',
      { result: "retry", reason: "HTTP 429 RESOURCE_EXHAUSTED" },
    ],
    [404, '{"error":{"status":"NOT_FOUND"}}', { result: "refused", reason: "HTTP 404 NOT_FOUND" }],
    [
      400,
      '{"error":{"status":"INVALID_ARGUMENT"}}',
      { result: "refused", reason: "HTTP 400 INVALID_ARGUMENT" },
    ],
  ])("takes %i %s as it is meant", async (status, body, outcome) => {
    googleAnswers(status, body);
    expect(await channel.send(aLetter(SPEC))).toEqual(outcome);
  });
});
