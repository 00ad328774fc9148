import { randomBinomial, randomPoisson } from "d3-random";
import { Prng } from "../../src/lib/prng.ts";
import type { IstioSeries } from "./istio-samples.ts";

/** How the pods of one workload behave, for series as their sidecars would report them. */
export interface PodsServing {
  readonly namespace: string;
  readonly workload: string;
  /** Name to the part of its requests that fails. */
  readonly pods: Readonly<Record<string, number>>;
  /** Requests of all pods together between two scrapes. */
  readonly requestsPerScrape: number;
  readonly scrapes: number;
  readonly podLabel: string;
  readonly seed: number;
}

const BUCKETS: readonly (readonly [le: string, share: number])[] = [
  ["25", 0.6],
  ["100", 0.97],
  ["250", 0.995],
  ["+Inf", 1],
];

/** Counters of requests, failed requests and latency buckets for each pod. */
export function podSeries(serving: PodsServing): readonly IstioSeries[] {
  const prng = new Prng(serving.seed);
  const source = () => prng.float();
  const size = Object.keys(serving.pods).length;
  return Object.entries(serving.pods).flatMap(([pod, errorRate]) => {
    const good: number[] = [];
    const bad: number[] = [];
    const buckets = BUCKETS.map((): number[] => []);
    for (let scrape = 0; scrape < serving.scrapes; scrape++) {
      const requests = randomPoisson.source(source)(serving.requestsPerScrape / size)();
      const failed = randomBinomial.source(source)(requests, errorRate)();
      good.push((good.at(-1) ?? 0) + requests - failed);
      bad.push((bad.at(-1) ?? 0) + failed);
      let left = requests;
      let leftShare = 1;
      let within = 0;
      BUCKETS.forEach(([, share], index) => {
        const here = left === 0 ? 0 : randomBinomial.source(source)(left, 1 - (1 - share) / leftShare)();
        within += here;
        left -= here;
        leftShare = 1 - share;
        buckets[index]?.push((buckets[index]?.at(-1) ?? 0) + within);
      });
    }
    const { namespace, workload, podLabel } = serving;
    const common = { namespace, workload, pod: null, labels: { [podLabel]: pod } };
    return [
      { ...common, scrapes: good },
      { ...common, code: "503", scrapes: bad },
      ...BUCKETS.map(([le], index) => ({
        ...common,
        metric: "latency" as const,
        le,
        scrapes: buckets[index] ?? [],
      })),
    ];
  });
}
