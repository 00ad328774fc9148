import { expect, test } from "vitest";
import { driven } from "../../src/app/rehearsal.ts";
import { Storm } from "../support/storm.ts";

const HOUR_MS = 3_600_000;
const COMMANDS = 120;
/** Adopted, started, at its first weight, and rolled back. */
const OTHERS = 4;

// A tenth of it; test/peers has the whole minute.
test("a Slack that fails for an hour delays no run, whatever it is to be told", async () => {
  const well = new Storm(0);
  await driven(well.clock, well.play(COMMANDS, 30_000));
  const away = new Storm(HOUR_MS);
  await driven(away.clock, away.play(COMMANDS, HOUR_MS + 30 * 60_000));

  expect(away.obeyedMs).toHaveLength(COMMANDS + 1);
  expect(away.obeyedMs).toEqual(well.obeyedMs);
  expect(Math.max(...away.obeyedMs)).toBeLessThanOrEqual(200);
  expect(away.tookMs).toBeLessThan(COMMANDS * 60 + 1_000);

  expect(well.counts).toEqual({ sent: COMMANDS + OTHERS, failed: 0, refused: 0, dropped: 0, repeated: 0 });
  const { sent = 0, failed = 0, dropped = 0 } = away.counts;
  expect(sent + failed + dropped).toBe(COMMANDS + OTHERS);
  expect(away.mostPending).toBe(100);
  expect(dropped).toBeGreaterThan(0);
  const named = away.logger.lines.filter((line) => line.startsWith("notification left out"));
  expect(named).toHaveLength(dropped);

  // What matters most is not among them, and comes when Slack is back.
  expect(named.join()).not.toContain("rolled back");
  expect(away.slack.taken.join()).toContain("rolled back at 25 %");
  expect(away.slack.taken.join()).toContain("earlier messages could not be delivered here");
  expect(away.failures).toHaveLength(1);
});
