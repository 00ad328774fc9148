/** Bytes of a protobuf message under construction (https://protobuf.dev/programming-guides/encoding). */
export class ProtobufWriter {
  readonly #chunks: Uint8Array[] = [];

  /** A field of type string; an empty one is its default and left out. */
  text(field: number, value: string | undefined): this {
    if (value !== undefined && value !== "") this.bytes(field, Buffer.from(value));
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#chunks.push(varint(field * 8 + LENGTH_DELIMITED), varint(value.length), value);
    return this;
  }

  /** A field of an integer or boolean type, 0 or more. */
  integer(field: number, value: number): this {
    this.#chunks.push(varint(field * 8), varint(value));
    return this;
  }

  /** A message in the message; it is there even if it is empty. */
  message(field: number, fill: (writer: ProtobufWriter) => void): this {
    const inner = new ProtobufWriter();
    fill(inner);
    return this.bytes(field, inner.finish());
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}

const LENGTH_DELIMITED = 2;

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
