import { parseArgs } from "node:util";

/** `npm run bench -- NAME [options]`: measurements that are too slow for the tests. Each prints a table, or writes a page of docs/. */
const BENCHES: Readonly<Record<string, () => Promise<{ main(args: BenchArgs): Promise<void> }>>> = {
  abort: () => import("./bench/abort/main.ts"),
  apiserver: () => import("./bench/apiserver/main.ts"),
  footprint: () => import("./bench/footprint/main.ts"),
  verdict: () => import("./bench/verdict/main.ts"),
};

export interface BenchArgs {
  /** Multiplies the number of seeds; 1 is what the page in docs/ was made with. */
  readonly scale: number;
  /** Only what matches. */
  readonly filter: string;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { scale: { type: "string", default: "1" }, filter: { type: "string", default: "" } },
});
const bench = BENCHES[positionals[0] ?? ""];
if (bench === undefined) {
  console.error(`Usage: npm run bench -- ${Object.keys(BENCHES).join("|")} [--scale N] [--filter TEXT]`);
  process.exitCode = 2;
} else {
  const { main } = await bench();
  await main({ scale: Number(values.scale), filter: values.filter });
}
