import { parentPort } from "node:worker_threads";
import { FAMILIES } from "./families.ts";
import type { Job } from "./main.ts";
import { measure } from "./measure.ts";

/** Measures one family at a time. What it sends back leaves out the family's functions. */
parentPort?.on("message", ({ name, runs, firstSeed }: Job) => {
  const family = FAMILIES.find((candidate) => candidate.name === name);
  if (family === undefined) throw new Error(`no family is called ${name}`);
  const { sluice, peers } = measure(family, runs, firstSeed);
  const { kind, onsetMs, want } = family;
  parentPort?.postMessage({ family: { name, kind, onsetMs, want }, sluice, peers });
});
