import { defineConfig } from "vitest/config";
import { StoriesFirst } from "./test/support/stories-first.ts";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["test/peers/**", "node_modules/**"],
    reporters: ["default", "./test/support/plain-reporter.ts"],
    pool: "threads",
    maxWorkers: 2,
    // Nothing keeps state in modules, so files may share them: half of the time was loading the same ones again.
    isolate: false,
    sequence: { sequencer: StoriesFirst },
    testTimeout: 60_000,
  },
});
