import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

/** The machine may be busy: one start in so many has it to itself. */
const TRIES = 3;

interface Idle {
  readonly readyS: number;
  readonly rssMb: number;
  readonly writes: number;
}

test("the image's bundle is ready within a second, rests in less than 90 MB, and writes nothing there", () => {
  execFileSync(process.execPath, ["scripts/build.ts"]);
  const measured: Idle[] = [];
  do measured.push(idle());
  while (measured.length < TRIES && measured.every(({ readyS }) => readyS >= 1));
  expect(Math.min(...measured.map(({ readyS }) => readyS))).toBeLessThan(1);
  expect(Math.max(...measured.map(({ rssMb }) => rssMb))).toBeLessThan(90);
  expect(Math.max(...measured.map(({ writes }) => writes))).toBe(0);
}, 300_000);

/** `npm run bench -- footprint`, with no Rollout at all. */
function idle(): Idle {
  const table = execFileSync(process.execPath, ["scripts/bench.ts", "footprint", "--scale", "0"], {
    encoding: "utf8",
  });
  const row = /^\| 0 \| 0 \| ([\d.]+) s \| \d+ s \| (\d+) MB \| \d+ MB \| (\d+) \|$/m.exec(table);
  if (row === null) throw new Error(`no row without Rollouts in:\n${table}`);
  const [readyS = Number.NaN, rssMb = Number.NaN, writes = Number.NaN] = row.slice(1).map(Number);
  return { readyS, rssMb, writes };
}
