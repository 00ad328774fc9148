import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assert } from "./assert.ts";
import { type CronTimes, lastTime, nextTime, parseCron } from "./cron.ts";
import { TimeZone } from "./time-zone.ts";

const DAY_MS = 86_400_000;

function cron(text: string): CronTimes {
  const times = parseCron(text);
  assert(!("problem" in times), `${text} is legal`);
  return times;
}

function zone(name: string): TimeZone {
  const found = TimeZone.named(name);
  assert(found !== null, `${name} is a zone`);
  return found;
}

function next(text: string, after: string, name = "UTC"): string | null {
  const found = nextTime(cron(text), zone(name), Date.parse(after), 4 * 366 * DAY_MS);
  return found === null ? null : new Date(found).toISOString();
}

function last(text: string, at: string, name = "UTC"): string | null {
  const found = lastTime(cron(text), zone(name), Date.parse(at), 40 * DAY_MS);
  return found === null ? null : new Date(found).toISOString();
}

describe("a cron expression", () => {
  test.each([
    ["0 18 * * 5", "2026-01-07T12:00:00Z", "2026-01-09T18:00:00.000Z"],
    ["0 18 * * fri", "2026-01-09T18:00:00Z", "2026-01-16T18:00:00.000Z"],
    ["*/15 9-17 * * mon-fri", "2026-01-09T17:45:00Z", "2026-01-12T09:00:00.000Z"],
    ["30 8 1,15 * *", "2026-01-02T00:00:00Z", "2026-01-15T08:30:00.000Z"],
    ["0 0 29 feb *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00.000Z"],
    ["5/20 0 * * *", "2026-01-01T00:05:00Z", "2026-01-01T00:25:00.000Z"],
    ["0 0 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00.000Z"],
  ])("%s comes after %s at %s", (text, after, expected) => {
    expect(next(text, after)).toBe(expected);
  });

  test("with both days restricted comes on either", () => {
    expect(next("0 0 13 * 5", "2026-01-09T01:00:00Z")).toBe("2026-01-13T00:00:00.000Z");
    expect(next("0 0 13 * 5", "2026-01-13T01:00:00Z")).toBe("2026-01-16T00:00:00.000Z");
  });

  test("for a day that never comes has no next time", () => {
    expect(next("0 0 31 2 *", "2026-01-01T00:00:00Z")).toBeNull();
  });

  test("is read in the time zone's own time, summer and winter", () => {
    expect(next("0 18 * * 5", "2026-01-07T12:00:00Z", "Europe/Paris")).toBe("2026-01-09T17:00:00.000Z");
    expect(next("0 18 * * 5", "2026-07-08T12:00:00Z", "Europe/Paris")).toBe("2026-07-10T16:00:00.000Z");
    expect(last("0 9 * * *", "2026-01-07T12:00:00Z", "Pacific/Auckland")).toBe("2026-01-06T20:00:00.000Z");
  });

  test("at a time that clocks skip comes when they skip it", () => {
    expect(next("30 2 * * *", "2026-03-29T00:00:00Z", "Europe/Paris")).toBe("2026-03-29T01:00:00.000Z");
  });

  test("at a time that clocks show twice comes the first time only", () => {
    expect(next("30 2 * * *", "2026-10-25T00:00:00Z", "Europe/Paris")).toBe("2026-10-25T00:30:00.000Z");
    expect(next("30 2 * * *", "2026-10-25T00:30:00Z", "Europe/Paris")).toBe("2026-10-26T01:30:00.000Z");
  });

  test("of long ago is not found within a shorter time", () => {
    expect(lastTime(cron("0 0 1 1 *"), zone("UTC"), Date.parse("2026-01-03T00:00:00Z"), DAY_MS)).toBeNull();
  });

  test.each([
    ["0 18 * *", /has 4 fields/],
    ["60 * * * *", /"60" is no minute; want 0 to 59/],
    ["0 0 * * funday", /"funday" is no day of the week; want 0 to 7, or sun to sat/],
    ["0 0 0 * *", /"0" is no day of the month/],
    ["*/0 * * * *", /is no minute/],
    ["5-1 * * * *", /"5-1" is no minute/],
    ["1-2-3 * * * *", /is no minute/],
    ["", /fields/],
  ])("%s is refused and the field named", (text, problem) => {
    expect(parseCron(text)).toEqual({ problem: expect.stringMatching(problem) });
  });

  test("finds the last time to be one that has no other between it and now", () => {
    const part = (least: number, most: number) =>
      fc.oneof(
        fc.constant("*"),
        fc.integer({ min: least, max: most }).map(String),
        fc.constantFrom(2, 5, 7).map((step) => `*/${step}`),
      );
    const expression = fc
      .tuple(part(0, 59), part(0, 23), part(1, 28), part(1, 12), part(0, 6))
      .map((parts) => parts.join(" "));
    const zones = fc.constantFrom("UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe");
    const moment = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2028, 0, 1) });
    fc.assert(
      fc.property(expression, zones, moment, (text, name, atMs) => {
        const [times, where] = [cron(text), zone(name)];
        const found = lastTime(times, where, atMs, 31 * DAY_MS);
        if (found === null) {
          const following = nextTime(times, where, atMs - 31 * DAY_MS - 1, 31 * DAY_MS + 1);
          expect(following === null || following > atMs).toBe(true);
          return;
        }
        expect(found).toBeLessThanOrEqual(atMs);
        // None between, and it is itself one.
        const following = nextTime(times, where, found, 4 * 366 * DAY_MS);
        expect(following === null || following > atMs).toBe(true);
        expect(nextTime(times, where, found - 1, DAY_MS)).toBe(found);
      }),
      { numRuns: 25 },
    );
  });
});

describe("a time zone", () => {
  test("that does not exist is null", () => {
    expect(TimeZone.named("Europe/Atlantis")).toBeNull();
  });

  test("shows what clocks show", () => {
    expect(zone("Asia/Kolkata").wallTime(Date.parse("2026-01-05T20:15:00Z"))).toEqual({
      year: 2026,
      month: 1,
      day: 6,
      hour: 1,
      minute: 45,
    });
  });
});
