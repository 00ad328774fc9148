import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);

test("a controller comes to rest in each hour and keeps nothing of what is over or gone", async () => {
  // The API server is restarted, and watches are gone; a day of 200 Rollouts is run by hand.
  const args = ["scripts/soak.ts", "--rollouts", "4", "--hours", "2", "--every", "2"];
  const { stdout } = await run(process.execPath, ["--expose-gc", ...args]);
  expect(stdout).toContain("hour 2 (watches end with 410 Gone)");
  expect(stdout).toContain("2 Rollouts replaced");
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("nothing grows");
}, 180_000);
