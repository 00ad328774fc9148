import { type DestinationStream, type Logger as Pino, pino } from "pino";
import type { LogFields, Logger } from "./logger.ts";

/** From the most talkative to none at all. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** A logger whose level may change while it runs, for itself and for all loggers made from it. */
export interface LeveledLogger extends Logger {
  level: LogLevel;
}

export interface PinoLoggerOptions {
  readonly level: LogLevel;
  /** Where lines go; standard error by default, so that standard output stays for results. */
  readonly destination?: DestinationStream;
}

const STDERR = 2;
const MAX_CAUSES = 5;

/** One JSON object a line: level, time (RFC 3339), msg, fields. */
export function createPinoLogger(options: PinoLoggerOptions): LeveledLogger {
  const settings = {
    // Pino's children each have a level of their own; ours must change for all of them at once.
    level: "debug",
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: toErrorFields },
  };
  const root = pino(settings, options.destination ?? pino.destination({ fd: STDERR, sync: true }));
  return new PinoLogger(root, { level: options.level });
}

class PinoLogger implements LeveledLogger {
  readonly #pino: Pino;
  /** Shared with all loggers made from this one. */
  readonly #threshold: { level: LogLevel };

  constructor(wrapped: Pino, threshold: { level: LogLevel }) {
    this.#pino = wrapped;
    this.#threshold = threshold;
  }

  get level(): LogLevel {
    return this.#threshold.level;
  }

  set level(level: LogLevel) {
    this.#threshold.level = level;
  }

  debug(message: string, fields: LogFields = {}): void {
    if (this.#isTold("debug")) this.#pino.debug(fields, message);
  }

  info(message: string, fields: LogFields = {}): void {
    if (this.#isTold("info")) this.#pino.info(fields, message);
  }

  warn(message: string, fields: LogFields = {}): void {
    if (this.#isTold("warn")) this.#pino.warn(fields, message);
  }

  error(message: string, fields: LogFields = {}): void {
    if (this.#isTold("error")) this.#pino.error(fields, message);
  }

  with(fields: LogFields): Logger {
    return new PinoLogger(this.#pino.child(fields), this.#threshold);
  }

  #isTold(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(this.#threshold.level);
  }
}

/**
 * What is told of an error: named members only. HTTP libraries hang whole requests on their errors, with tokens in the
 * headers.
 */
function toErrorFields(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown === undefined ? undefined : String(thrown);
  const { code } = thrown as { readonly code?: unknown };
  return {
    type: thrown.name,
    message: thrown.message,
    code: typeof code === "string" || typeof code === "number" ? code : undefined,
    causes: causesOf(thrown),
    stack: thrown.stack,
  };
}

function causesOf(error: Error): readonly string[] | undefined {
  const causes: string[] = [];
  for (let cause = error.cause; cause !== undefined && causes.length < MAX_CAUSES; ) {
    causes.push(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes.length === 0 ? undefined : causes;
}
