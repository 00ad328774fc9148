import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Prng } from "../../lib/prng.ts";
import { Draw } from "./draw.ts";
import { type ClientGroup, Population } from "./population.ts";

const PAGE = { path: "/", scheme: "http" };
const CANARY = { namespace: "shop", workload: "checkout", hash: "b" };

const silent = { served: () => {} };

/** Every client sends a request, or most of them do: who they are. */
function groupsOf(population: Population): readonly ClientGroup[] {
  return [...population.split(100_000, PAGE).values()].flat().map(({ group }) => group);
}

function sizeOf(population: Population): number {
  return groupsOf(population).reduce((sum, { clients }) => sum + clients, 0);
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
          for (const parts of population.split(requests, PAGE).values()) {
            const count = parts.reduce((sum, part) => sum + part.count, 0);
            population.answered(parts, [{ count, setCookies: cookies, by: CANARY }], PAGE, now);
          }
          expect(sizeOf(population)).toBe(size);
          expect(groupsOf(population).every(({ clients }) => clients > 0)).toBe(true);
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
          const [parts = []] = population.split(20 + marked, PAGE).values();
          const answers = [
            { count: 20, setCookies: [], by: null },
            { count: marked, setCookies: ["a=1"], by: null },
          ];
          population.answered(parts, answers, PAGE, 0);
          const holders = groupsOf(population).filter(({ jar }) => jar.header(PAGE) === "a=1");
          expect(holders.reduce((sum, { clients: held }) => sum + held, 0)).toBeLessThanOrEqual(marked);
        },
      ),
    );
  });

  it("reaches all of its clients in time", () => {
    const population = new Population({ count: 100, stayMs: null }, new Draw(new Prng(1)), silent);
    for (let batch = 0; batch < 100; batch++) {
      for (const parts of population.split(20, PAGE).values()) {
        const count = parts.reduce((sum, part) => sum + part.count, 0);
        population.answered(parts, [{ count, setCookies: ["a=1"], by: null }], PAGE, batch * 200);
      }
    }
    const groups = groupsOf(population).map(({ jar, clients }) => [jar.header(PAGE), clients]);
    expect(groups).toEqual([["a=1", 100]]);
  });
});
