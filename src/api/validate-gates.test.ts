import { describe, expect, test } from "vitest";
import { readSpec } from "./validate.ts";

const SPEC = {
  targetRef: { name: "checkout" },
  service: { port: 80 },
  traffic: { istio: {} },
  steps: [{ weight: 50 }],
};

function problems(members: Record<string, unknown>): readonly string[] {
  const reading = readSpec({ ...SPEC, ...members });
  return reading.ok ? [] : reading.problems.map(({ field, message }) => `${field}: ${message}`);
}

function ofHook(hook: Record<string, unknown>): readonly string[] {
  return problems({ webhooks: [{ name: "qa", url: "http://qa.shop/", ...hook }] });
}

describe("webhooks", () => {
  test("as Flagger's documentation shows them are taken", () => {
    const load = {
      name: "load test get",
      type: "rollout",
      url: "http://flagger-loadtester.test/",
      timeout: "5s",
      metadata: { cmd: "hey -z 1m -q 10 -c 2 http://podinfo-canary.test:9898/" },
    };
    expect(
      problems({ webhooks: [load, { ...load, name: "smoke", type: "pre-rollout", retries: 3 }] }),
    ).toEqual([]);
  });

  test.each([
    [{ url: "ftp://qa" }, 'spec.webhooks[0].url: "ftp://qa": want an http:// or https:// URL'],
    [{ url: "http://" }, 'spec.webhooks[0].url: "http://" is no URL'],
    [{ type: "confirm" }, "spec.webhooks[0].type: "],
    [{ timeout: "2h" }, "spec.webhooks[0].timeout: 2h is out of bounds; want 100ms to 1h"],
    [{ interval: "10ms" }, "spec.webhooks[0].interval: 10ms is out of bounds; want 1s to 1h"],
    [
      { type: "rollback", threshold: 3 },
      "spec.webhooks[0].threshold: means nothing for type rollback; it is for pre-rollout, rollout",
    ],
    [{ type: "event", maxWait: "1h" }, "spec.webhooks[0].maxWait: means nothing for type event; it is for "],
    [{ headers: [{ name: "Host", value: "x" }] }, "spec.webhooks[0].headers: Host is set by Sluice"],
    [
      { headers: [{ name: "X-Sluice-Signature-256", value: "x" }] },
      "spec.webhooks[0].headers: X-Sluice-Signature-256 is set by Sluice",
    ],
    [
      { headers: [{ name: "a" }] },
      "spec.webhooks[0].headers: a: exactly one of value and valueFrom must be set",
    ],
    [
      { headers: [{ name: "a", value: "x\r\ny" }] },
      "spec.webhooks[0].headers: a: the value has characters that a header cannot have",
    ],
    [{ tls: { insecureSkipVerify: true } }, "spec.webhooks[0].tls: is for https:// URLs only"],
    [
      { url: "https://qa.shop/", tls: { ca: {} } },
      "spec.webhooks[0].tls: ca: exactly one of configMapKeyRef and secretKeyRef must be set",
    ],
  ])("with %j are refused: %s", (hook, message) => {
    expect(ofHook(hook)).toEqual([expect.stringContaining(message)]);
  });

  test("with a password in the URL are refused without quoting it", () => {
    const [message = "", ...more] = ofHook({ url: "https://ada:s3cret@qa.shop/" });
    expect(more).toEqual([]);
    expect(message).toContain("has a user or password in it");
    expect(message).not.toContain("s3cret");
  });

  test("of one name are refused", () => {
    const hook = { name: "qa", url: "http://qa.shop/" };
    expect(problems({ webhooks: [hook, hook] })).toEqual([
      "spec.webhooks[1].name: qa is there twice; names must differ",
    ]);
  });
});

describe("a schedule", () => {
  test.each([
    [{ for: "1h" }, "spec.schedule[0]: neither is set; exactly one of deny and allow must be"],
    [
      { deny: "0 18 * * 5", allow: "0 9 * * 1", for: "1h" },
      "spec.schedule[0]: both are set; exactly one of deny and allow must be",
    ],
    [{ deny: "0 18 * * * 5", for: "1h" }, 'spec.schedule[0].deny: "0 18 * * * 5": has 6 fields; want '],
    [
      { allow: "0 25 * * *", for: "1h" },
      'spec.schedule[0].allow: "0 25 * * *": "25" is no hour; want 0 to 23',
    ],
    [
      { deny: "0 18 * * 5", for: "1h", timeZone: "Europe/Pariss" },
      "spec.schedule[0].timeZone: Europe/Pariss is not known; want a name such as Europe/Paris or UTC",
    ],
    [{ deny: "0 18 * * 5", for: "1000h" }, "spec.schedule[0].for: 1000h is out of bounds; want 1m to 744h"],
  ])("with %j is refused: %s", (window, message) => {
    expect(problems({ schedule: [window] })).toEqual([expect.stringContaining(message)]);
  });
});
