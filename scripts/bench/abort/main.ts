import type { BenchArgs } from "../../bench.ts";
import { measureAborts, type Outage, percentile } from "./measure.ts";

const OUTAGES: readonly (Outage & { readonly name: string })[] = [
  { name: "everything answers", webhooks: false, prometheus: false },
  { name: "webhooks and Slack hang", webhooks: true, prometheus: false },
  { name: "webhooks, Slack and Prometheus hang", webhooks: true, prometheus: true },
];

const ABORTS = 30;
const BUDGET_MS = 200;

/** How long an abort takes to bring weight 0, over HTTP, whatever hangs meanwhile. `--scale 0.25` aborts fewer. */
export async function main({ scale, filter }: BenchArgs): Promise<void> {
  const count = Math.max(1, Math.round(ABORTS * scale));
  console.log("| meanwhile | aborts | median | p99 | longest | budget | within it |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const outage of OUTAGES.filter(({ name }) => name.includes(filter))) {
    const times = await measureAborts(count, outage);
    const within = times.filter((ms) => ms <= BUDGET_MS).length;
    const [median, p99, longest] = [50, 99, 100].map(
      (percent) => `${percentile(times, percent).toFixed(0)} ms`,
    );
    console.log(
      `| ${outage.name} | ${count} | ${median} | ${p99} | ${longest} | ${BUDGET_MS} ms | ${within}/${count} |`,
    );
  }
  // Sockets that hang are still open.
  process.exit();
}
