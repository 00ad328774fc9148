import { describe, expect, it } from "vitest";
import { createPinoLogger, type LogLevel } from "./pino-logger.ts";

function setUp(level: LogLevel = "info") {
  const text: string[] = [];
  const logger = createPinoLogger({ level, destination: { write: (line) => text.push(line) } });
  const lines = () => text.map((line) => JSON.parse(line));
  return { logger, text, lines };
}

describe("createPinoLogger", () => {
  it("writes one JSON object a line, with level, time, message and fields", () => {
    const { logger, lines } = setUp();
    logger.with({ rollout: "shop/checkout" }).warn("pass failed", { failures: 3 });
    expect(lines()).toEqual([
      {
        level: "warn",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        msg: "pass failed",
        rollout: "shop/checkout",
        failures: 3,
      },
    ]);
  });

  it("leaves out what is below its level", () => {
    const { logger, lines } = setUp("warn");
    for (const level of ["debug", "info", "warn", "error"] as const) logger[level](level);
    expect(lines().map((line) => line.msg)).toEqual(["warn", "error"]);
  });

  it("has a level that changes while it runs, for loggers made from it as well", () => {
    const { logger, lines } = setUp("info");
    const child = logger.with({ rollout: "shop/checkout" });
    child.debug("before");
    logger.level = "debug";
    child.debug("while");
    logger.level = "warn";
    child.info("after");
    expect(lines().map((line) => line.msg)).toEqual(["while"]);
  });

  it("tells an error by name, message, code and causes, and nothing that hangs on it", () => {
    const { logger, lines, text } = setUp();
    const cause = Object.assign(new TypeError("socket hang up"), { code: "ECONNRESET" });
    const error = Object.assign(new Error("querying prometheus", { cause }), {
      config: { headers: { authorization: "Bearer secret" } },
    });
    logger.error("query failed", { error });
    expect(lines()[0].error).toMatchObject({
      type: "Error",
      message: "querying prometheus",
      causes: ["TypeError: socket hang up"],
    });
    expect(text.join()).not.toContain("secret");
  });

  it("tells what was thrown that is no error", () => {
    const { logger, lines } = setUp();
    logger.error("failed", { error: "just text" });
    expect(lines()[0].error).toBe("just text");
  });
});
