import { describe, expect, test } from "vitest";
import { isWorthAnother, replyOf, retryDelayMs } from "./reply.ts";

function answer(status: number, body = "", headers: Record<string, string> = {}) {
  return { status, body, headers };
}

describe("an answer", () => {
  test.each([
    [200, "yes"],
    [201, "yes"],
    [202, "yes"],
    [204, "yes"],
    [203, "no"],
    [206, "no"],
    [400, "no"],
    [401, "no"],
    [403, "no"],
    [404, "no"],
    [500, "no"],
    [501, "no"],
    [302, "none"],
    [408, "none"],
    [429, "none"],
    [502, "none"],
    [503, "none"],
    [504, "none"],
  ])("%i means %s", (status, result) => {
    expect(replyOf(answer(status), []).result).toBe(result);
  });

  test("is quoted on one line, cut, and without what a terminal would obey", () => {
    const { text } = replyOf(answer(403, `not\n\tyet \u001b[31mred\u0007\u202e${"x".repeat(500)}`), []);
    expect(text).toMatch(/^403 "not yet \[31mred x+…"$/);
    expect(text.length).toBeLessThanOrEqual(210);
  });

  test("does not give away what was sent in confidence, whole or in part", () => {
    const echoed = "Authorization: Bearer s3cr3t-token; key s3cr3t-token, hmac topsecret";
    const { text } = replyOf(answer(500, echoed), ["Bearer s3cr3t-token", "topsecret"]);
    expect(text).toBe('500 "Authorization: ***; key ***, hmac ***"');
  });

  test("is hidden before it is cut, so that no half of a secret is left", () => {
    const { text } = replyOf(answer(500, `${"x".repeat(195)}topsecret`), ["topsecret"]);
    expect(text).not.toContain("tops");
  });
});

describe("another attempt", () => {
  test.each([
    [429, true],
    [500, true],
    [503, true],
    [501, false],
    [403, false],
    [200, false],
  ])("after %i: %s", (status, expected) => {
    expect(isWorthAnother(answer(status))).toBe(expected);
  });

  test("comes after 1, 2, 4 ... 30 seconds, or when the answer says, within reason", () => {
    expect([1, 2, 3, 9].map((attempt) => retryDelayMs(attempt, null))).toEqual([1_000, 2_000, 4_000, 30_000]);
    expect(retryDelayMs(1, answer(503, "", { "retry-after": "7" }))).toBe(7_000);
    expect(retryDelayMs(1, answer(503, "", { "retry-after": "86400" }))).toBe(30_000);
    expect(retryDelayMs(1, answer(503, "", { "retry-after": "tomorrow" }))).toBe(1_000);
  });
});
