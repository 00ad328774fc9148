import { describe, expect, it } from "vitest";
import { differenceText, firstDifference } from "./difference.ts";

describe("firstDifference", () => {
  it("names the first place that differs", () => {
    const wanted = { http: [{ timeout: "8s", retries: { attempts: 2 } }] };
    const actual = { http: [{ timeout: "5s", retries: { attempts: 3 } }] };
    const difference = firstDifference(wanted, actual, "exact", "spec");
    expect(difference && differenceText(difference)).toBe('spec.http[0].timeout is "5s", not "8s"');
  });

  it("does not see what means nothing", () => {
    expect(
      firstDifference({ a: undefined, c: 1 }, { a: {}, b: [], c: 1, d: null, e: false, f: 0 }, "exact"),
    ).toBeNull();
  });

  it("sees what somebody added only where it looks for exactly this", () => {
    const wanted = { route: [{ destination: { host: "a" } }] };
    const actual = { route: [{ destination: { host: "a" } }], fault: { abort: { httpStatus: 500 } } };
    expect(firstDifference(wanted, actual, "subset")).toBeNull();
    expect(firstDifference(wanted, actual, "exact")?.path).toBe("fault");
  });

  it("sees one item more or less in a list", () => {
    expect(firstDifference({ hosts: ["a"] }, { hosts: ["a", "b"] }, "subset")?.path).toBe("hosts");
    expect(firstDifference({ hosts: ["a", "b"] }, { hosts: ["a"] }, "subset")?.path).toBe("hosts");
  });

  it("sees a member of another type", () => {
    expect(firstDifference({ port: 80 }, { port: "http" }, "exact")).toEqual({
      path: "port",
      wanted: 80,
      actual: "http",
    });
    expect(firstDifference({ a: [1] }, { a: { 0: 1 } }, "exact")?.path).toBe("a");
  });

  it("speaks of absent members, and cuts long values", () => {
    expect(differenceText({ path: "spec.host", wanted: "a", actual: undefined })).toBe(
      'spec.host is absent, not "a"',
    );
    const long = differenceText({ path: "spec", wanted: "x".repeat(500), actual: "y".repeat(500) });
    expect(long.length).toBeLessThan(200);
  });
});
