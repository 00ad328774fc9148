import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import nock from "nock";
import { afterEach, describe, expect, it } from "vitest";
import { mockHttp } from "../../test/support/mocked-http.ts";
import { SystemClock } from "../lib/clock.ts";
import type { Attempt } from "../lib/delivery-queue.ts";
import { AddressGuard } from "../net/address-guard.ts";
import { attemptOf, HttpEdge, type Reply, wordIn } from "./http-edge.ts";

const SECRET_PATH = "/services/T000/B000/verysecret";
const URL_TEXT = `https://hooks.slack.test${SECRET_PATH}`;

async function post(
  url = URL_TEXT,
  options: { readonly timeoutMs?: number; readonly allowHttp?: boolean } = {},
): Promise<Attempt> {
  const { timeoutMs = 5_000, allowHttp = false } = options;
  const edge = new HttpEdge({ clock: new SystemClock(), timeoutMs, allowHttp });
  const reply = await edge.post({ url, body: { text: "hello" } });
  return reply.kind === "none" ? reply.attempt : attemptOf(reply, /^[a-z_]+$/.exec(reply.body)?.[0]);
}

function receiverAnswers(status: number, body = "", headers: Record<string, string> = {}): nock.Scope {
  return nock("https://hooks.slack.test").post(SECRET_PATH).reply(status, body, headers);
}

mockHttp();

describe("HttpEdge", () => {
  it("posts the message as JSON", async () => {
    const scope = nock("https://hooks.slack.test", { reqheaders: { "content-type": /^application\/json/ } })
      .post(SECRET_PATH, { text: "hello" })
      .reply(200, "ok");
    expect(await post()).toEqual({ result: "sent" });
    expect(scope.isDone()).toBe(true);
  });

  it.each([
    [400, "invalid_payload", "HTTP 400 invalid_payload"],
    [401, "", "HTTP 401"],
    [403, "action_prohibited", "HTTP 403 action_prohibited"],
    [404, "no_service", "HTTP 404 no_service"],
    [410, "channel_is_archived", "HTTP 410 channel_is_archived"],
    [413, "", "HTTP 413"],
  ])("takes %i %s for an answer that stays", async (status, body, reason) => {
    receiverAnswers(status, body);
    expect(await post()).toEqual({ result: "refused", reason });
  });

  it.each([408, 425, 500, 502, 503])("tries again after %i", async (status) => {
    receiverAnswers(status, "server_error");
    expect(await post()).toEqual({ result: "retry", reason: `HTTP ${status} server_error` });
  });

  it.each([
    ["30", 30_000],
    ["0.35", 350],
    ["86400", 600_000],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
    ["soon", undefined],
  ])("waits as long as the receiver asks for, within reason: %s", async (header, afterMs) => {
    receiverAnswers(429, "", { "retry-after": header });
    expect(await post()).toEqual({
      result: "retry",
      reason: "HTTP 429",
      ...(afterMs === undefined ? {} : { afterMs }),
    });
  });

  it("does not follow redirects", async () => {
    receiverAnswers(302, "", { location: "https://elsewhere.test/" });
    const elsewhere = nock("https://elsewhere.test").post("/").reply(200);
    expect(await post()).toEqual({ result: "refused", reason: "HTTP 302: redirects are not followed" });
    expect(elsewhere.isDone()).toBe(false);
  });

  it("does not read answers that go on and on", async () => {
    receiverAnswers(200, "x".repeat(100_000));
    expect(await post()).toMatchObject({
      result: "refused",
      reason: expect.stringContaining("over 65536 bytes"),
    });
  });

  it("takes a connection that fails for something that passes", async () => {
    nock("https://hooks.slack.test")
      .post(SECRET_PATH)
      .replyWithError(Object.assign(new Error(URL_TEXT), { code: "ECONNREFUSED" }));
    expect(await post()).toEqual({ result: "retry", reason: "the connection failed: ECONNREFUSED" });
  });

  it.each([
    ["http://hooks.slack.test/services/T/B/x", "the URL in the Secret must begin with https://, not http:"],
    ["file:///etc/passwd", "the URL in the Secret must begin with https://, not file:"],
    ["xoxb-a-token", "the Secret does not hold a URL"],
    ["", "the Secret does not hold a URL"],
  ])("refuses %j without a request", async (url, reason) => {
    expect(await post(url)).toEqual({ result: "refused", reason });
  });

  it("never tells the URL", async () => {
    const outcomes: Attempt[] = [];
    for (const status of [200, 302, 404, 429, 500]) {
      receiverAnswers(status, URL_TEXT, { location: URL_TEXT, "retry-after": URL_TEXT });
      outcomes.push(await post());
    }
    nock("https://hooks.slack.test").post(SECRET_PATH).replyWithError(URL_TEXT);
    outcomes.push(await post());
    expect(outcomes).toHaveLength(6);
    expect(JSON.stringify(outcomes)).not.toContain("verysecret");
  });
});

describe("wordIn", () => {
  it.each([
    ['{"error":{"code":"WorkflowTriggerIsNotEnabled"}}', "WorkflowTriggerIsNotEnabled"],
    ['{"error":{"code":10015}}', "10015"],
    ['{"error":{"code":"see https://a.test/secret"}}', ""],
    ['{"error":null}', ""],
    ['{"error":{"code":{}}}', ""],
    ["<html>", ""],
    ["", ""],
  ])("of %s quotes %j", (body, word) => {
    expect(wordIn(body, "error", "code")).toBe(word);
  });
});

describe("HttpEdge over sockets", () => {
  let server: Server | undefined;

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function guarded(
    host: string,
    { allowed = [], isOwn = false }: { readonly allowed?: readonly string[]; readonly isOwn?: boolean } = {},
  ): Promise<Reply> {
    server = createServer((_request, response) => response.end("ok"));
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const guard = new AddressGuard(allowed);
    const edge = new HttpEdge({ clock: new SystemClock(), timeoutMs: 5_000, allowHttp: true, guard });
    return edge.post({ url: `http://${host}:${port}/hook`, body: {}, isOwn });
  }

  it.each(["127.0.0.1", "[::ffff:127.0.0.1]", "localhost"])(
    "does not post to %s, where the controller itself is",
    async (host) => {
      const reason = expect.stringMatching(
        /^the URL in the Secret leads to \S+, which notifications may not reach$/,
      );
      expect(await guarded(host)).toEqual({ kind: "none", attempt: { result: "refused", reason } });
    },
  );

  it("does so where the controller's settings allow it, or name the URL", async () => {
    expect(await guarded("127.0.0.1", { allowed: ["127.0.0.0/8"] })).toMatchObject({ status: 200 });
    server?.close();
    expect(await guarded("localhost", { allowed: ["127.0.0.1/32", "::1/128"] })).toMatchObject({
      status: 200,
    });
    server?.close();
    expect(await guarded("127.0.0.1", { isOwn: true })).toMatchObject({ status: 200 });
  });

  it("gives up on a server that accepts and stays silent", async () => {
    server = createServer(() => {});
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const outcome = await post(`http://127.0.0.1:${port}/hook`, { timeoutMs: 50, allowHttp: true });
    expect(outcome).toEqual({ result: "retry", reason: "no answer within 50 ms" });
  });
});
