import { type HeapGraph, takeHeapGraph } from "./heap-graph.ts";

/** What is alive, by name. */
export interface HeapCensus {
  /** Objects, by the name of their class. */
  readonly instances: ReadonlyMap<string, number>;
  /** Entries of all Maps, Sets and arrays that instances of a class hold in one field, by `Class.field`. */
  readonly collections: ReadonlyMap<string, number>;
}

export async function takeHeapCensus(): Promise<HeapCensus> {
  return censusOf(await takeHeapGraph());
}

const HASHED: ReadonlySet<string> = new Set(["Map", "Set"]);

/** Engine-made names: none of them is a class. */
const NAMELESS = /^(system |\(|Object$|Array$|Map$|Set$)/;

function censusOf(graph: HeapGraph): HeapCensus {
  const walk = new Walk(graph);
  const instances = new Map<string, number>();
  const collections = new Map<string, number>();
  walk.everyObject((name, fields) => {
    add(instances, name, 1);
    if (NAMELESS.test(name)) return;
    for (const { field, to } of fields) {
      const size = walk.sizeOf(to);
      if (size !== null) add(collections, `${name}.${field}`, size);
    }
  });
  return { instances, collections };
}

interface Field {
  readonly field: string;
  /** Where the node begins to which it leads. */
  readonly to: number;
}

class Walk {
  readonly #graph: HeapGraph;
  /** Where the edges of each node begin, by the node's index. */
  readonly #firstEdges: Uint32Array;

  constructor(graph: HeapGraph) {
    this.#graph = graph;
    const { nodes, layout } = graph;
    const count = nodes.length / layout.nodeSize;
    this.#firstEdges = new Uint32Array(count + 1);
    for (let index = 0; index < count; index++) {
      const edges = nodes[index * layout.nodeSize + layout.node.edgeCount] as number;
      this.#firstEdges[index + 1] = (this.#firstEdges[index] as number) + edges * layout.edgeSize;
    }
  }

  everyObject(visit: (name: string, fields: Iterable<Field>) => void): void {
    const { nodes, layout } = this.#graph;
    const object = layout.nodeTypes.indexOf("object");
    for (let node = 0; node < nodes.length; node += layout.nodeSize) {
      if (nodes[node + layout.node.type] === object) visit(this.#nameOf(node), this.#fields(node));
    }
  }

  /** Entries of a Map, a Set or an array, or members of a plain object; null for anything else. */
  sizeOf(node: number): number | null {
    const name = this.#nameOf(node);
    if (name === "Array") return this.#count(node, "element");
    if (name === "Object") return this.#count(node, "property");
    if (!HASHED.has(name)) return null;
    const table = this.#tableOf(node);
    return table === null ? 0 : Math.ceil(this.#entryEdges(table) / (name === "Map" ? 2 : 1));
  }

  *#fields(node: number): Iterable<Field> {
    const { edges, strings, layout } = this.#graph;
    for (const edge of this.#edgesOf(node, "property")) {
      const field = strings[edges[edge + layout.edge.name] as number] ?? "";
      if (field !== "__proto__") yield { field, to: edges[edge + layout.edge.to] as number };
    }
  }

  #tableOf(node: number): number | null {
    const { edges, strings, layout } = this.#graph;
    for (const edge of this.#edgesOf(node, "internal")) {
      if (strings[edges[edge + layout.edge.name] as number] === "table")
        return edges[edge + layout.edge.to] as number;
    }
    return null;
  }

  /** An entry of a Map has one for its key and one for its value, unless that is a small number; deleted ones lead to holes. */
  #entryEdges(table: number): number {
    const { edges, layout } = this.#graph;
    let count = 0;
    for (const edge of this.#edgesOf(table, "internal")) {
      if (!this.#nameOf(edges[edge + layout.edge.to] as number).startsWith("system /")) count += 1;
    }
    return count;
  }

  #count(node: number, type: string): number {
    let count = 0;
    for (const _ of this.#edgesOf(node, type)) count += 1;
    return count;
  }

  *#edgesOf(node: number, type: string): Iterable<number> {
    const { edges, layout } = this.#graph;
    const wanted = layout.edgeTypes.indexOf(type);
    const index = node / layout.nodeSize;
    const end = this.#firstEdges[index + 1] as number;
    for (let edge = this.#firstEdges[index] as number; edge < end; edge += layout.edgeSize) {
      if (edges[edge + layout.edge.type] === wanted) yield edge;
    }
  }

  #nameOf(node: number): string {
    const { nodes, strings, layout } = this.#graph;
    return strings[nodes[node + layout.node.name] as number] ?? "";
  }
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}
