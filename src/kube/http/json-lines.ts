import { UnreachableError } from "../api-error.ts";

/** An object is at most 3 MiB in etcd; JSON may take somewhat more. */
export const MAX_LINE_CHARS = 16 * 1_024 * 1_024;

/**
 * The JSON values of a stream of lines, as a watch sends them, whatever the chunks they come in. Throws UnreachableError
 * when a line is no JSON, is too long, or is cut by the end.
 */
export async function* jsonLines(
  chunks: AsyncIterable<Uint8Array>,
  maxLineChars = MAX_LINE_CHARS,
): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    // Only the new text can hold the next line break: a long line in small chunks must not cost its square.
    let end = text.indexOf("\n");
    let start = 0;
    while (end >= 0) {
      const line = rest + text.slice(start, end);
      rest = "";
      if (line.trim() !== "") yield parse(line);
      start = end + 1;
      end = text.indexOf("\n", start);
    }
    rest += text.slice(start);
    if (rest.length > maxLineChars)
      throw new UnreachableError(`a line is longer than ${maxLineChars} characters`);
  }
  if (rest.trim() !== "") throw new UnreachableError("the stream ended in the middle of a line");
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new UnreachableError("a line is no JSON", { cause: error });
  }
}
