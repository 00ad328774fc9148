/** A query that cannot be read, or that cannot mean anything: HTTP 400, errorType bad_data. */
export class ParseError extends Error {
  override readonly name = "ParseError";
  /** Which argument of a call or an aggregation is at fault, from 0, while the position is not known yet. */
  readonly argument: number | null;

  constructor(message: string, argument: number | null = null) {
    super(message);
    this.argument = argument;
  }
}

/** A query that went wrong while it was evaluated: HTTP 422, errorType execution. */
export class ExecutionError extends Error {
  override readonly name = "ExecutionError";
}
