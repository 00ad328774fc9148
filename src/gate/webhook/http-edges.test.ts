import { createHmac } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import nock from "nock";
import { afterEach, describe, expect, it } from "vitest";
import { mockHttp } from "../../../test/support/mocked-http.ts";
import { type WebhookSpec, webhookSchema } from "../../api/spec-gates.ts";
import { ApiError } from "../../kube/api-error.ts";
import type { Client } from "../../kube/client.ts";
import { SystemClock } from "../../lib/clock.ts";
import { AddressGuard } from "../../net/address-guard.ts";
import { createTlsIdentity } from "../../sim/apiserver/tls-identity.ts";
import type { GateReply } from "../gate.ts";
import { HttpWebhookTransport } from "./http-transport.ts";
import { WebhookGate } from "./webhook.ts";

const PAYLOAD = '{"name":"checkout","namespace":"shop","phase":"Progressing","checksum":"7d9f"}';

/** Objects of the namespace, by kind and name; members as people write them. */
type Objects = Readonly<Record<string, Readonly<Record<string, string>>>>;

function clientOf(objects: Objects): Client {
  const get = async ({ kind }: { kind: string }, { name }: { name: string }) => {
    const found = objects[`${kind}/${name}`];
    if (found === undefined) throw new ApiError("get", { code: 404, reason: "NotFound" } as never);
    const encode = (value: string) => (kind === "Secret" ? Buffer.from(value).toString("base64") : value);
    return { data: Object.fromEntries(Object.entries(found).map(([key, value]) => [key, encode(value)])) };
  };
  return { get } as never;
}

interface Setup {
  readonly objects?: Objects;
  readonly allowLocal?: boolean;
  readonly httpsOnly?: boolean;
}

function ask(hook: Partial<WebhookSpec> & { url: string }, setup: Setup = {}): Promise<GateReply> {
  const { objects = {}, allowLocal = true, httpsOnly = false } = setup;
  const gate = new WebhookGate({
    clock: new SystemClock(),
    client: clientOf(objects),
    transport: new HttpWebhookTransport({ guard: allowLocal ? undefined : new AddressGuard() }),
    httpsOnly,
  });
  const question = {
    rollout: { metadata: { name: "checkout", namespace: "shop" } },
    hook: webhookSchema.parse({ name: "qa", ...hook }),
    phase: "Progressing",
    checksum: "7d9f",
  };
  return gate.ask(question, new AbortController().signal);
}

const closers: (() => void)[] = [];

async function listening(handle: RequestListener, tls?: { cert: string; key: string }): Promise<string> {
  const server = tls === undefined ? createServer(handle) : createSecureServer(tls, handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
}

mockHttp();
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

describe("a webhook over HTTP", () => {
  it("is a POST of JSON", async () => {
    const scope = nock("http://qa.test", {
      reqheaders: { "content-type": "application/json", "content-length": String(PAYLOAD.length) },
    })
      .post("/gate/check?team=shop", PAYLOAD)
      .reply(200, "Approved");
    expect(await ask({ url: "http://qa.test/gate/check?team=shop" })).toEqual({
      result: "yes",
      text: '200 "Approved"',
    });
    expect(scope.isDone()).toBe(true);
  });

  it("carries headers from Secrets, and a signature over the body as sent", async () => {
    const expected = `sha256=${createHmac("sha256", "k3y").update(PAYLOAD).digest("hex")}`;
    nock("https://qa.test", {
      reqheaders: { authorization: "Bearer abc", "x-team": "shop", "x-sluice-signature-256": expected },
    })
      .post("/")
      .reply(204);
    const reply = await ask(
      {
        url: "https://qa.test/",
        headers: [
          { name: "Authorization", valueFrom: { secretKeyRef: { name: "qa", key: "authorization" } } },
          { name: "X-Team", value: "shop" },
        ],
        signature: { secretKeyRef: { name: "qa", key: "hmac" } },
      },
      { objects: { "Secret/qa": { authorization: "Bearer abc\n", hmac: "k3y\n" } } },
    );
    expect(reply).toEqual({ result: "yes", text: "204" });
  });

  it("does not show a token that the other side sends back", async () => {
    nock("https://qa.test").post("/").reply(403, "unknown token: abcdef");
    const header = { name: "Authorization", valueFrom: { secretKeyRef: { name: "qa", key: "token" } } };
    const objects = { "Secret/qa": { token: "Bearer abcdef" } };
    expect(await ask({ url: "https://qa.test/", headers: [header] }, { objects })).toEqual({
      result: "no",
      text: '403 "unknown token: ***"',
    });
  });

  it.each([
    ["missing", "key", "not asked: Secret shop/missing does not exist"],
    ["qa", "other", "not asked: Secret shop/qa has no key other"],
    ["qa", "lines", "not asked: the value of header X-Key cannot be sent in a header"],
  ])("is not sent without its Secret %s, key %s", async (name, key, text) => {
    const headers = [{ name: "X-Key", valueFrom: { secretKeyRef: { name, key } } }];
    const objects = { "Secret/qa": { lines: "a\r\nHost: evil" } };
    expect(await ask({ url: "https://qa.test/", headers }, { objects })).toEqual({ result: "none", text });
  });

  it("follows no redirect", async () => {
    const elsewhere = nock("http://elsewhere.test").post("/").reply(200);
    nock("http://qa.test").post("/").reply(307, "", { location: "http://elsewhere.test/" });
    expect(await ask({ url: "http://qa.test/" })).toEqual({
      result: "none",
      text: "307: redirects are not followed, give the final URL",
    });
    expect(elsewhere.isDone()).toBe(false);
  });

  it("is tried again after 503, and the last answer counts", async () => {
    nock("http://qa.test").post("/").reply(503, "", { "retry-after": "0" }).post("/").reply(403, "no");
    expect(await ask({ url: "http://qa.test/", retries: 3 })).toEqual({
      result: "no",
      text: '403 "no" (2 attempts)',
    });
  });

  it("can be forbidden without https", async () => {
    expect(await ask({ url: "http://qa.test/" }, { httpsOnly: true })).toEqual({
      result: "none",
      text: "not asked: this controller allows https:// URLs only",
    });
  });
});

describe("a server that is hostile or broken", () => {
  it("may send without end: the status counts, and the beginning is read", async () => {
    const url = await listening((_, response) => {
      response.writeHead(500);
      const more = () => response.writable && response.write("x".repeat(10_000), () => setImmediate(more));
      more();
    });
    const { result, text } = await ask({ url });
    expect(result).toBe("no");
    expect(text.length).toBeLessThan(220);
  });

  it("that breaks off within its answer has given none", async () => {
    const url = await listening((_, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("x");
      setImmediate(() => response.destroy());
    });
    expect(await ask({ url })).toMatchObject({ result: "none", text: "no connection: ECONNRESET" });
  });

  it("that never answers, or drips its answer, is left after the timeout", async () => {
    const silent = await listening(() => {});
    expect(await ask({ url: silent, timeout: "100ms" })).toEqual({
      result: "none",
      text: "no answer within 100ms",
    });
    const dripping = await listening((_, response) => {
      response.writeHead(200);
      response.write("x");
    });
    expect(await ask({ url: dripping, timeout: "100ms" })).toMatchObject({ result: "none" });
  });

  it("that is not there is told by a code, without the URL", async () => {
    expect(await ask({ url: "http://127.0.0.1:1/secret-path" })).toEqual({
      result: "none",
      text: "no connection: ECONNREFUSED",
    });
  });

  it("is known by the certificates that the spec names", async () => {
    const { caCertificate, certificate, key } = await createTlsIdentity({
      nowMs: Date.now(),
      hosts: ["127.0.0.1"],
    });
    const url = await listening((_, response) => response.end("ok"), { cert: certificate, key });
    const objects = { "ConfigMap/ca": { "ca.crt": caCertificate } };
    const ca = { configMapKeyRef: { name: "ca", key: "ca.crt" } };
    expect(await ask({ url }, { objects })).toMatchObject({
      result: "none",
      text: expect.stringMatching(/^no connection: /),
    });
    expect(await ask({ url, tls: { ca, insecureSkipVerify: false } }, { objects })).toMatchObject({
      result: "yes",
    });
    expect(await ask({ url, tls: { insecureSkipVerify: true } }, { objects })).toMatchObject({
      result: "yes",
    });
  });
});

describe("an address that webhooks may not reach", () => {
  it.each([
    "http://127.0.0.1:15000/quitquitquit",
    "http://2130706433/",
    "http://localhost:8080/metrics",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://0.0.0.0/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:169.254.169.254]/",
    "http://[fd00:ec2::254]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[fe80::1]/",
    "http://100.100.100.200/",
  ])("is %s", async (url) => {
    const reached: string[] = [];
    await listening((request) => void reached.push(request.url ?? ""));
    expect(await ask({ url }, { allowLocal: false })).toMatchObject({
      result: "none",
      text: expect.stringMatching(/^not asked: .* is at .*, which webhooks may not reach$/),
    });
    expect(reached).toEqual([]);
  });
});
