import { describe, expect, it } from "vitest";
import { type AttemptEnd, faultPolicy, retryPolicy, timeoutMs } from "./policy.ts";

const ENDS: readonly AttemptEnd[] = ["connect-failure", "reset", "timeout", 500, 502, 503, 409];

/** Which ends of a try each condition repeats, from Envoy's x-envoy-retry-on. */
const TABLE: readonly (readonly [string, readonly AttemptEnd[]])[] = [
  ["5xx", ["connect-failure", "reset", "timeout", 500, 502, 503]],
  ["gateway-error", ["connect-failure", "reset", "timeout", 502, 503]],
  ["reset", ["connect-failure", "reset", "timeout"]],
  ["connect-failure", ["connect-failure"]],
  ["refused-stream", ["connect-failure"]],
  ["retriable-4xx", [409]],
  ["retriable-status-codes", [503]],
  ["500,connect-failure", ["connect-failure", 500]],
  ["unavailable,cancelled", []],
  ["", []],
];

describe("retryOn", () => {
  it.each(TABLE)("%s repeats %o", (retryOn, expected) => {
    const policy = retryPolicy({ attempts: 1, retryOn });
    expect(ENDS.filter((end) => policy.retries(end))).toEqual(expected);
  });

  it("repeats nothing with 0 attempts", () => {
    const policy = retryPolicy({ attempts: 0, retryOn: "5xx" });
    expect(ENDS.filter((end) => policy.retries(end))).toEqual([]);
  });

  it("defaults to Istio's own: two more tries when a connection fails", () => {
    const policy = retryPolicy(undefined);
    expect(policy.attempts).toBe(2);
    expect(ENDS.filter((end) => policy.retries(end))).toEqual(["connect-failure"]);
  });
});

describe("a timeout", () => {
  it.each([
    ["8s", 8_000],
    ["1.5s", 1_500],
    ["250ms", 250],
    ["0s", null],
    [undefined, null],
    ["soon", null],
  ])("of %s is %s ms", (text, expected) => {
    expect(timeoutMs(text)).toBe(expected);
  });
});

describe("fault injection", () => {
  it("hits nothing when no percentage is given", () => {
    expect(faultPolicy({ abort: { httpStatus: 500 }, delay: { fixedDelay: "2s" } })).toEqual({
      abort: { share: 0, status: 500 },
      delay: { share: 0, delayMs: 2_000 },
    });
  });

  it("is absent without a fault", () => {
    expect(faultPolicy(undefined)).toEqual({ abort: null, delay: null });
  });
});
