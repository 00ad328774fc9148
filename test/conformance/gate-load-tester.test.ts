import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { webhookSchema } from "../../src/api/spec-gates.ts";
import type { GateReply } from "../../src/gate/gate.ts";
import { HttpWebhookTransport } from "../../src/gate/webhook/http-transport.ts";
import { WebhookGate } from "../../src/gate/webhook/webhook.ts";
import { SystemClock } from "../../src/lib/clock.ts";
import { LoadTester } from "../../src/sim/load-tester.ts";

/** What Go's json.Marshal makes of Flagger's CanaryWebhookPayload. */
const PAYLOAD = '{"name":"checkout","namespace":"shop","phase":"Progressing","checksum":"7d9f8c6b5"';

const clock = new SystemClock();
const never = new AbortController().signal;
const bodies: string[] = [];
let tester: LoadTester;
let url = "";

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  bodies.push(body);
  const answer = await tester.answer(request.url ?? "/", body, never);
  response.writeHead(answer.status).end(answer.body);
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => {
  tester = new LoadTester(clock);
  bodies.length = 0;
});

afterAll(() => {
  server.close();
});

function ask(path: string, metadata?: Record<string, string>): Promise<GateReply> {
  const transport = new HttpWebhookTransport({});
  const gate = new WebhookGate({ clock, client: null as never, transport, httpsOnly: false });
  const question = {
    rollout: { metadata: { name: "checkout", namespace: "shop" } },
    hook: webhookSchema.parse({ name: "load tester", url: `${url}${path}`, metadata }),
    phase: "Progressing",
    checksum: "7d9f8c6b5",
  };
  return gate.ask(question, never);
}

describe("Flagger's load tester, over HTTP", () => {
  test("gets Flagger's payload byte for byte, and its gates open and close ours", async () => {
    expect(await ask("/gate/check")).toEqual({ result: "no", text: '403 "Forbidden"' });
    expect(bodies).toEqual([`${PAYLOAD}}`]);
    await tester.answer("/gate/open", bodies[0] ?? "", never);
    expect(await ask("/gate/check")).toEqual({ result: "yes", text: '200 "Approved"' });
    expect(await ask("/rollback/check")).toMatchObject({ result: "no" });
    expect(await ask("/gate/approve")).toMatchObject({ result: "yes" });
    expect(await ask("/gate/halt")).toMatchObject({ result: "no" });
  });

  test("takes commands on, and runs tests whose output a refusal shows", async () => {
    tester.setOutcome("curl", { exit: 22, output: "404 page not found", takesMs: 10 });
    const load = { type: "cmd", logCmdOutput: "true", cmd: "hey -q 10 'http://a/?b=1&c=<2>'" };
    expect(await ask("/", load)).toMatchObject({ result: "yes" });
    const written = String.raw`hey -q 10 'http://a/?b=1\u0026c=\u003c2\u003e'`;
    expect(bodies).toEqual([
      `${PAYLOAD},"metadata":{"cmd":"${written}","logCmdOutput":"true","type":"cmd"}}`,
    ]);
    expect(tester.runs).toMatchObject([{ canary: "checkout.shop", command: load.cmd }]);
    const failed = await ask("/", { type: "bash", cmd: "curl -sf http://checkout-canary.shop/" });
    expect(failed).toEqual({ result: "no", text: '500 "exit status 22 404 page not found"' });
    expect(await ask("/", { type: "ngrinder" })).toMatchObject({ result: "no" });
  });
});
