import { type DestinationStream, type Logger as Pino, pino } from "pino";
import type { LogFields, Logger } from "./logger.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export interface PinoLoggerOptions {
  readonly level: LogLevel;
  /** Where lines go; standard error by default, so that standard output stays for results. */
  readonly destination?: DestinationStream;
}

const STDERR = 2;
const MAX_CAUSES = 5;

/** One JSON object a line: level, time (RFC 3339), msg, fields. */
export function createPinoLogger(options: PinoLoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: toErrorFields },
  };
  return new PinoLogger(pino(settings, options.destination ?? pino.destination({ fd: STDERR, sync: true })));
}

class PinoLogger implements Logger {
  readonly #pino: Pino;

  constructor(wrapped: Pino) {
    this.#pino = wrapped;
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#pino.debug(fields, message);
  }

  info(message: string, fields: LogFields = {}): void {
    this.#pino.info(fields, message);
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#pino.warn(fields, message);
  }

  error(message: string, fields: LogFields = {}): void {
    this.#pino.error(fields, message);
  }

  with(fields: LogFields): Logger {
    return new PinoLogger(this.#pino.child(fields));
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
