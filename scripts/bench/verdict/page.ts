import type { Wanted } from "./families.ts";
import { type Measured, PEER_NAMES, percentile, type Tally } from "./measure.ts";

/** docs/verdict-accuracy.md. */
export function accuracyPage(all: readonly Measured[]): string {
  const of = (kind: Measured["family"]["kind"]): readonly Measured[] =>
    all.filter(({ family }) => family.kind === kind);
  return `# How accurate verdicts are

Made by \`npm run bench -- verdict\`; seeds are fixed, so it says the same again. Every run is 30 minutes of 15 s intervals
with the canary at 10 % (but for the weight steps), judged with the defaults of a Rollout. Peers' rules see the same
traces, one look a minute: Flagger's threshold (success below 99 % or p99 above 500 ms, five times in all), Argo's first
failure of the same checks, a z-test at 5 % looked at every minute, and Kayenta's Mann-Whitney judge at the end.

## Healthy releases

How many of them are rolled back.

${healthyTable(of("healthy"))}

${overall(of("healthy"))}

## Regressions

How many are caught within the half hour, and how long after the onset (median / 95th percentile, minutes). *promoted*: ended
as a pass. Where a release is caught before its onset, a peer's rule was lucky.

${regressionTable(of("regression"))}

Bold: slower than wanted. The bounds are meant for a regression from the start; one that begins in mid-run is held to them as
well. Three tenths of the prior belief are "from the first interval", the rest is spread over all later ones at 2 % of what remains
each: 0.02 x 0.7 x 0.98^39 = 0.0064 for the 40th. So its evidence begins ln(0.3 / 0.0064) = 3.9 nats lower, which is worth half a
minute to a minute. Giving later starts more of the prior takes it from the first interval: at two tenths, 0.1 to 1 % with history
was found within 5.8 instead of 5.3 minutes from the start (wanted: 5.5), and within 6 in mid-run all the same. This is the price of
never having to pay back good behaviour: without the mixture, ten good minutes would have to be outweighed by bad ones.

## No evidence

Runs that may neither fail nor pass.

${noEvidenceTable(of("no evidence"))}
`;
}

function healthyTable(rows: readonly Measured[]): string {
  const header = ["healthy family", "allowed", "Sluice", "inconclusive", ...PEER_NAMES];
  return table(
    header,
    rows.map(({ family, sluice, peers }) => [
      family.name,
      `${(family.want.falseRollback ?? 0) * 100} %`,
      mark(part(sluice.failed, sluice), sluice.failed / sluice.runs <= (family.want.falseRollback ?? 0)),
      part(sluice.inconclusive, sluice),
      ...PEER_NAMES.map((name) => rollbacks(peers[name])),
    ]),
  );
}

function overall(rows: readonly Measured[]): string {
  // Bursts and cold starts have bounds of their own.
  const strict = rows.filter(({ family }) => (family.want.falseRollback ?? 0) <= 0.01);
  const failed = strict.reduce((sum, { sluice }) => sum + sluice.failed, 0);
  const runs = strict.reduce((sum, { sluice }) => sum + sluice.runs, 0);
  return `Over the families that allow 1 %: ${failed} of ${runs} runs, ${percent(failed / Math.max(1, runs))} (wanted: 0.3 %).`;
}

function regressionTable(rows: readonly Measured[]): string {
  const header = ["regression", "wanted", "Sluice", "promoted", ...PEER_NAMES];
  return table(
    header,
    rows.map(({ family, sluice, peers }) => [
      family.name,
      wanted(family.want),
      mark(caught(sluice), meets(sluice, family.want)),
      part(sluice.passed, sluice),
      ...PEER_NAMES.map((name) => {
        const tally = peers[name];
        return tally === undefined ? "" : caught(tally);
      }),
    ]),
  );
}

function noEvidenceTable(rows: readonly Measured[]): string {
  const header = ["family", "failed", "passed", "inconclusive"];
  return table(
    header,
    rows.map(({ family, sluice }) => [
      family.name,
      part(sluice.failed, sluice),
      part(sluice.passed, sluice),
      part(sluice.inconclusive, sluice),
    ]),
  );
}

function wanted({ medianMin, p95Min }: Wanted): string {
  if (p95Min === undefined) return "";
  return medianMin === undefined ? `p95 ${p95Min}` : `${medianMin} / ${p95Min}`;
}

function meets(tally: Tally, { medianMin = Infinity, p95Min = Infinity }: Wanted): boolean {
  return percentile(tally.minutes, 0.5) <= medianMin && percentile(tally.minutes, 0.95) <= p95Min;
}

function caught(tally: Tally): string {
  const time = (p: number): string => {
    const minutes = percentile(tally.minutes, p);
    return Number.isFinite(minutes) ? (Math.round(minutes * 10) / 10).toString() : "–";
  };
  return `${part(tally.failed, tally)} (${time(0.5)} / ${time(0.95)})`;
}

function rollbacks(tally: Tally | undefined): string {
  return tally === undefined ? "" : part(tally.failed, tally);
}

function part(count: number, { runs }: Tally): string {
  return percent(count / runs);
}

function percent(fraction: number): string {
  return `${Math.round(fraction * 1000) / 10} %`;
}

/** Bold where the bound is not met. */
function mark(text: string, isMet: boolean): string {
  return isMet ? text : `**${text}**`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
