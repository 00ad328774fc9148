/**
 * Variable parts of a log line. Messages are constant; what differs from line to line stands in fields. A field named
 * `error` may hold anything that was thrown.
 */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where log lines go. Methods never throw. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: LogFields): Logger;
}

/** Says nothing. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLogger,
};
