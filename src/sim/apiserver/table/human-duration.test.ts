import { describe, expect, it } from "vitest";
import { humanDuration, timeSince } from "./human-duration.ts";

const S = 1_000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

describe("a duration", () => {
  // The cases of k8s.io/apimachinery/pkg/util/duration's own test.
  it.each([
    [S, "1s"],
    [70 * S, "70s"],
    [190 * S, "3m10s"],
    [70 * M, "70m"],
    [47 * H, "47h"],
    [49 * H, "2d1h"],
    [8 * D + 2 * H, "8d"],
    [367 * D, "367d"],
    [2 * 365 * D + 25 * D, "2y25d"],
    [9 * 365 * D + 25 * D, "9y"],
    [9 * M, "9m"],
    [10 * M + 30 * S, "10m"],
    [7 * H + 5 * M, "7h5m"],
    [0, "0s"],
    [-S, "0s"],
    [-2 * S, "<invalid>"],
  ])("of %d ms reads %s", (durationMs, text) => {
    expect(humanDuration(durationMs)).toBe(text);
  });
});

it("a time that is missing is unknown, and one that is none is invalid", () => {
  expect(timeSince(undefined, 0)).toBe("<unknown>");
  expect(timeSince(null, 0)).toBe("<unknown>");
  expect(timeSince("yesterday", 0)).toBe("<invalid>");
  expect(timeSince("1970-01-01T00:00:00Z", 5 * S)).toBe("5s");
});
