/** A query that cannot be read, or that cannot mean anything: HTTP 400, errorType bad_data. */
export class ParseError extends Error {
  override readonly name = "ParseError";
  /** Which part of the expression is at fault, while its position is not known yet: an argument, from 0. */
  readonly part: number | "operator" | null;

  constructor(message: string, part: number | "operator" | null = null) {
    super(message);
    this.part = part;
  }
}

/** A query that went wrong while it was evaluated: HTTP 422, errorType execution. */
export class ExecutionError extends Error {
  override readonly name = "ExecutionError";
}
