/** A field as it stands on the wire: an integer, or bytes (texts, messages, packed numbers). */
export interface WireField {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

/** Bytes that are no protobuf message. */
export class MalformedProtobuf extends Error {
  override readonly name = "MalformedProtobuf";
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** The fields of a message in the order of the wire (https://protobuf.dev/programming-guides/encoding). */
export function readFields(bytes: Uint8Array): readonly WireField[] {
  const fields: WireField[] = [];
  const cursor = { bytes, at: 0 };
  while (cursor.at < bytes.length) {
    const key = Number(readVarint(cursor));
    fields.push({ number: Math.floor(key / 8), value: readValue(cursor, key % 8) });
  }
  return fields;
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function readValue(cursor: Cursor, wireType: number): bigint | Uint8Array {
  switch (wireType) {
    case VARINT:
      return BigInt.asIntN(64, readVarint(cursor));
    case BYTES:
      return take(cursor, Number(readVarint(cursor)));
    case FIXED64:
      return take(cursor, 8);
    case FIXED32:
      return take(cursor, 4);
    default:
      throw new MalformedProtobuf(`wire type ${wireType}`);
  }
}

function readVarint(cursor: Cursor): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) break;
    cursor.at += 1;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw new MalformedProtobuf("a number does not end");
}

function take(cursor: Cursor, length: number): Uint8Array {
  const end = cursor.at + length;
  if (end > cursor.bytes.length) throw new MalformedProtobuf("a field is longer than its message");
  const part = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return part;
}
