import { expect, test } from "vitest";
import { measureAborts, percentile } from "../../scripts/bench/abort/measure.ts";

const COUNT = 12;

/** A ratio: this machine may be busy. `npm run bench -- abort` has the milliseconds. */
test("webhooks, a Slack and a Prometheus that hang delay no abort", async () => {
  const answering = await measureAborts(COUNT, { webhooks: false, prometheus: false });
  const hanging = await measureAborts(COUNT, { webhooks: true, prometheus: true });
  expect(hanging).toHaveLength(COUNT);
  expect(percentile(hanging, 50)).toBeLessThan(2 * percentile(answering, 50) + 50);
  // Far below what any of them would be waited for.
  expect(Math.max(...hanging)).toBeLessThan(5_000);
}, 400_000);
