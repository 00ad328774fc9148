import { defineConfig } from "vitest/config";

/** Longer stories in real time, beside real peers: kubectl and Prometheus. */
export default defineConfig({
  test: {
    include: ["test/peers/**/*.test.ts"],
    reporters: ["default", "./test/support/plain-reporter.ts"],
    fileParallelism: false,
  },
});
