import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Prng } from "../../lib/prng.ts";
import { Draw } from "./draw.ts";
import { Population } from "./population.ts";

const PAGE = { path: "/", scheme: "http" };
const CANARY = { namespace: "shop", workload: "checkout", hash: "b" };

const silent = { served: () => {} };

function sizeOf(population: Population): number {
  return population.split(0).reduce((sum, { group }) => sum + group.clients, 0);
}

describe("a population of clients", () => {
  it("keeps its size, whoever leaves, is answered, or loses a cookie", () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 60_000 }),
      requests: fc.integer({ min: 0, max: 300 }),
      cookies: fc.constantFrom([], ["a=1"], ["a=2; Max-Age=30"], ["a=; Max-Age=0"]),
      size: fc.integer({ min: 1, max: 200 }),
    });
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { maxLength: 20 }), (seed, steps) => {
        const population = new Population({ count: 50, stayMs: 20_000 }, new Draw(new Prng(seed)), silent);
        let now = 0;
        for (const { afterMs, requests, cookies, size } of steps) {
          now += afterMs;
          population.resize({ count: size, stayMs: 20_000 });
          population.pass(now, afterMs);
          for (const { group, count } of population.split(requests)) {
            const answers = [{ count, setCookies: cookies, by: CANARY }];
            if (count > 0) population.answered(group, answers, PAGE, now);
          }
          expect(sizeOf(population)).toBe(size);
          expect(population.split(0).every(({ group }) => group.clients > 0)).toBe(true);
        }
      }),
    );
  });

  it("hands out no more cookies than there were answers with one", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 5 }),
        (seed, clients, marked) => {
          const population = new Population(
            { count: clients, stayMs: null },
            new Draw(new Prng(seed)),
            silent,
          );
          const [{ group }] = population.split(20) as [ReturnType<Population["split"]>[number]];
          const answers = [
            { count: 20, setCookies: [], by: null },
            { count: marked, setCookies: ["a=1"], by: null },
          ];
          population.answered(group, answers, PAGE, 0);
          const holders = population.split(0).filter((it) => it.group.jar.header(PAGE) === "a=1");
          expect(holders.reduce((sum, it) => sum + it.group.clients, 0)).toBeLessThanOrEqual(marked);
        },
      ),
    );
  });

  it("reaches all of its clients in time", () => {
    const population = new Population({ count: 100, stayMs: null }, new Draw(new Prng(1)), silent);
    for (let batch = 0; batch < 100; batch++) {
      for (const { group, count } of population.split(20)) {
        population.answered(group, [{ count, setCookies: ["a=1"], by: null }], PAGE, batch * 200);
      }
    }
    const groups = population.split(0).map(({ group }) => [group.jar.header(PAGE), group.clients]);
    expect(groups).toEqual([["a=1", 100]]);
  });
});
