import { expect, test } from "vitest";
import type { EvidenceChart } from "../api/notification.ts";
import { chartText } from "./chart-text.ts";

const CHART: EvidenceChart = {
  title: "error rate",
  unit: "%",
  fromMs: Date.UTC(2026, 0, 5, 8, 50, 0),
  toMs: Date.UTC(2026, 0, 5, 9, 0, 0),
  canary: [null, 0.123456, 3.5, 7],
  primary: [0.1, 0.1, 0.2, 0.1],
};

test("both arms are drawn on one scale, with the numbers that matter", () => {
  expect(chartText(CHART)).toBe(
    [
      "error rate in %, 08:50:00 to 09:00:00 UTC",
      "canary  ·▁▅█  7 now, 7 at most",
      "primary ▁▁▁▁  0.1 now, 0.2 at most",
    ].join("\n"),
  );
});

test("noise below 1 % of errors is drawn as the calm that it is", () => {
  expect(chartText({ ...CHART, canary: [0.1, 0.2, 0, 0.1] })).toContain("canary  ▂▂▁▂");
});

test("a metric of one's own has its own scale, and one that is 0 throughout lies flat", () => {
  const own = { ...CHART, title: "queue-depth", unit: "", canary: [0, 2, 4], primary: [0, 0, 0] };
  expect(chartText(own)).toContain("queue-depth, 08:50:00");
  expect(chartText(own)).toContain("canary  ▁▅█");
  expect(chartText({ ...own, canary: [0, 0] })).toContain("canary  ▁▁");
});

test("a long run is told in fewer blocks, in which a spike stays", () => {
  const canary = Array.from({ length: 48 }, (_, i) => (i === 31 ? 50 : 0));
  const line = chartText({ ...CHART, canary }).split("\n")[1] ?? "";
  expect(line).toMatch(/^canary {2}▁{15}█▁{8} /);
});

test("an arm that had no requests says so", () => {
  expect(chartText({ ...CHART, primary: [null, null] })).toContain("primary ··  no requests");
});
