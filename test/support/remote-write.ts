import type { StoredSeries } from "../../src/sim/promql/series.ts";

/**
 * A body for Prometheus' remote write 1.0: a protobuf WriteRequest in a snappy block. Only what tests need: the block
 * is one literal after the other, which every snappy decoder takes.
 */
export function writeRequest(series: readonly StoredSeries[], fromMs: number, toMs: number): Buffer {
  const messages = series.flatMap((one) => {
    const samples = samplesBetween(one, fromMs, toMs);
    return samples.length === 0 ? [] : [message(1, Buffer.concat([...labelsOf(one), ...samples]))];
  });
  return snappyLiterals(Buffer.concat(messages));
}

/** Prometheus' NaN that says "gone". */
const STALE_BITS = 0x7ff0000000000002n;

function samplesBetween({ times, values, staleTimes }: StoredSeries, fromMs: number, toMs: number): Buffer[] {
  const samples = times.map((timeMs, index) => ({ timeMs, bits: bitsOf(values[index] as number) }));
  const markers = staleTimes.map((timeMs) => ({ timeMs, bits: STALE_BITS }));
  return [...samples, ...markers]
    .filter(({ timeMs }) => timeMs > fromMs && timeMs <= toMs)
    .sort((a, b) => a.timeMs - b.timeMs)
    .map(({ timeMs, bits }) => {
      const value = Buffer.alloc(9);
      value[0] = (1 << 3) | 1;
      value.writeBigUInt64LE(bits, 1);
      return message(2, Buffer.concat([value, Buffer.from([2 << 3]), varint(timeMs)]));
    });
}

function labelsOf({ labels }: StoredSeries): Buffer[] {
  return labels.pairs.map(([name, value]) =>
    message(1, Buffer.concat([message(1, Buffer.from(name)), message(2, Buffer.from(value))])),
  );
}

function bitsOf(value: number): bigint {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleLE(value);
  return buffer.readBigUInt64LE();
}

function message(field: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2]), varint(body.length), body]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

const MAX_LITERAL = 65_536;

function snappyLiterals(body: Buffer): Buffer {
  const parts = [varint(body.length)];
  for (let from = 0; from < body.length; from += MAX_LITERAL) {
    const literal = body.subarray(from, from + MAX_LITERAL);
    const length = literal.length - 1;
    parts.push(Buffer.from([61 << 2, length & 255, length >> 8]), literal);
  }
  return Buffer.concat(parts);
}
