import { describe, expect, test } from "vitest";
import { webhookSchema } from "../../api/spec-gates.ts";
import { webhookPayload } from "./payload.ts";

function payload(metadata?: Record<string, string>, more?: Record<string, string>): string {
  const hook = webhookSchema.parse({ name: "load-test", url: "http://loadtester.test/", metadata });
  const rollout = { metadata: { name: "podinfo", namespace: "test" } };
  return webhookPayload({ rollout, hook, phase: "Progressing", checksum: "85d557f47b" }, more);
}

describe("the payload", () => {
  test("is Flagger's, byte for byte", () => {
    expect(payload({ k: "v" })).toBe(
      '{"name":"podinfo","namespace":"test","phase":"Progressing","checksum":"85d557f47b","metadata":{"k":"v"}}',
    );
  });

  test.each([undefined, {}])("has no metadata where there is none", (metadata) => {
    expect(payload(metadata)).toBe(
      '{"name":"podinfo","namespace":"test","phase":"Progressing","checksum":"85d557f47b"}',
    );
  });

  test("escapes what Go's encoding/json escapes, and nothing else", () => {
    expect(payload({ cmd: 'hey -q 10 "http://a.test/?a=1&b=<2>" \u2028\u007f é \n\t\u0001' })).toContain(
      String.raw`"cmd":"hey -q 10 \"http://a.test/?a=1\u0026b=\u003c2\u003e\" \u2028` +
        String.fromCharCode(127) +
        String.raw` é \n\t\u0001"`,
    );
  });

  test("has metadata in the order of its keys' bytes, numbers included", () => {
    const keys = ["b", "10", "a", "Z", "9", "\u{1f600}", "\uff5e"];
    const text = payload(Object.fromEntries(keys.map((key) => [key, ""])));
    expect([...text.matchAll(/"([^"]*)":""/gu)].map(([, key]) => key)).toEqual([
      "10",
      "9",
      "Z",
      "a",
      "b",
      "\uff5e",
      "\u{1f600}",
    ]);
  });

  test("lets an event's own keys win", () => {
    expect(
      payload({ team: "shop", eventType: "mine" }, { eventType: "Normal", timestamp: "1578607635167" }),
    ).toMatch(/"metadata":\{"eventType":"Normal","team":"shop","timestamp":"1578607635167"\}\}$/);
  });
});
