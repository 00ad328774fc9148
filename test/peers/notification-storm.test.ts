import { expect, test } from "vitest";
import { driven } from "../../src/app/rehearsal.ts";
import { Storm } from "../support/storm.ts";

test("a thousand transitions in a minute, and a Slack that fails for an hour: no run is delayed", async () => {
  const well = new Storm(0);
  await driven(well.clock, well.play(1_000, 30_000));
  const away = new Storm(3_600_000);
  await driven(away.clock, away.play(1_000, 90 * 60_000));
  expect(away.obeyedMs).toEqual(well.obeyedMs);
  expect(Math.max(...away.obeyedMs)).toBeLessThanOrEqual(200);
  expect(away.tookMs).toBeLessThanOrEqual(61_000);
  expect(away.mostPending).toBe(100);
  const { sent = 0, failed = 0, dropped = 0 } = away.counts;
  expect(sent + failed + dropped).toBe(1_004);
}, 300_000);
