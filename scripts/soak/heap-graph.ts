import { getHeapSnapshot } from "node:v8";

/** A heap snapshot of V8 (its own JSON format), as numbers: a node for each object, and the edges that lead out of it. */
export interface HeapGraph {
  readonly nodes: Uint32Array;
  readonly edges: Uint32Array;
  readonly strings: readonly string[];
  /** Numbers for each node and edge, and where in them is what. */
  readonly layout: HeapLayout;
}

export interface HeapLayout {
  readonly nodeSize: number;
  readonly edgeSize: number;
  readonly node: { readonly type: number; readonly name: number; readonly edgeCount: number };
  readonly edge: { readonly type: number; readonly name: number; readonly to: number };
  readonly nodeTypes: readonly string[];
  readonly edgeTypes: readonly string[];
}

interface Meta {
  readonly node_fields: readonly string[];
  readonly node_types: readonly [readonly string[], ...unknown[]];
  readonly edge_fields: readonly string[];
  readonly edge_types: readonly [readonly string[], ...unknown[]];
}

/** Everything that is alive in this process; garbage is collected first. */
export async function takeHeapGraph(): Promise<HeapGraph> {
  const chunks: Buffer[] = [];
  for await (const chunk of getHeapSnapshot()) chunks.push(Buffer.from(chunk));
  return parseHeapGraph(Buffer.concat(chunks));
}

/** By hand, since the text may be longer than any string. */
function parseHeapGraph(text: Buffer): HeapGraph {
  const nodesAt = text.indexOf('"nodes":[');
  const edgesAt = text.indexOf('"edges":[', nodesAt);
  const stringsAt = text.lastIndexOf('"strings":[');
  const head = JSON.parse(`${text.toString("utf8", 0, nodesAt).trimEnd().replace(/,$/, "")}}`) as {
    readonly snapshot: {
      readonly meta: Meta;
      readonly node_count: number;
      readonly edge_count: number;
    };
  };
  const { meta, node_count, edge_count } = head.snapshot;
  const layout = layoutOf(meta);
  const strings = JSON.parse(`{${text.toString("utf8", stringsAt)}`) as { readonly strings: string[] };
  return {
    nodes: numbersFrom(text, nodesAt + '"nodes":['.length, node_count * layout.nodeSize),
    edges: numbersFrom(text, edgesAt + '"edges":['.length, edge_count * layout.edgeSize),
    strings: strings.strings,
    layout,
  };
}

function layoutOf({ node_fields, node_types, edge_fields, edge_types }: Meta): HeapLayout {
  const inNode = (name: string) => node_fields.indexOf(name);
  const inEdge = (name: string) => edge_fields.indexOf(name);
  return {
    nodeSize: node_fields.length,
    edgeSize: edge_fields.length,
    node: { type: inNode("type"), name: inNode("name"), edgeCount: inNode("edge_count") },
    edge: { type: inEdge("type"), name: inEdge("name_or_index"), to: inEdge("to_node") },
    nodeTypes: node_types[0],
    edgeTypes: edge_types[0],
  };
}

const ZERO = 48;
const NINE = 57;

/** So many numbers, with anything but digits between them. */
function numbersFrom(text: Buffer, start: number, count: number): Uint32Array {
  const numbers = new Uint32Array(count);
  let at = start;
  for (let index = 0; index < count; index++) {
    let byte = text[at] as number;
    while (byte < ZERO || byte > NINE) byte = text[++at] as number;
    let value = 0;
    while (byte >= ZERO && byte <= NINE) {
      value = value * 10 + byte - ZERO;
      byte = text[++at] as number;
    }
    numbers[index] = value;
  }
  return numbers;
}
