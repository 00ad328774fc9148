import type { Recording } from "./recording.ts";

type Json = Record<string, unknown>;

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const WRITTEN_UUID = /^([0-9a-f])\1{7}-/;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g;
const ADDRESS = /\b10\.96\.\d+\.\d+\b/g;
const PRINTED_OBJECT = /Invalid value: "\{.*\}"(?=:)/gs;
const AGE_COLUMNS = new Set(["Age", "First Seen", "Last Seen"]);

/** A hash may show in the name of a ReplicaSet before anything has it as a label. */
const REPLICA_SET = /ReplicaSet "[a-z0-9.-]+-([bcdfghjklmnpqrstvwxz2456789]{6,10})"/;

/** Values of one replay that have been given a number or a placeholder, by first appearance. */
export class Normaliser {
  readonly #namespace: string;
  readonly #literals: string;
  readonly #dropsManagedFields: boolean;
  readonly #versions = new Map<string, number>();
  readonly #hashes = new Map<string, number>();
  readonly #names = new Map<string, string>();

  constructor(recording: Recording, namespace: string) {
    this.#namespace = namespace;
    this.#literals = JSON.stringify(recording.steps.map((step) => step.request));
    this.#dropsManagedFields = recording.managedFields !== true;
  }

  /** Actual resourceVersions by their placeholder. */
  get versions(): ReadonlyMap<string, string> {
    return new Map([...this.#versions].map(([version, number]) => [`<rv:${number}>`, version]));
  }

  /** First pass, over all answers in order: what appears where. */
  observe(value: unknown): void {
    if (Array.isArray(value)) {
      for (const item of value) this.observe(item);
      return;
    }
    if (!isJson(value)) return;
    this.#observeNames(value);
    const { metadata } = value;
    const isCollection = isListLike(value) || value["type"] === "BOOKMARK";
    if (isJson(metadata) && !isListLike(value)) this.#observeVersion(metadata["resourceVersion"]);
    for (const [name, member] of Object.entries(value)) {
      if (name === "resourceVersion" && !isListMeta(value)) this.#observeVersion(member);
      if (name === "metadata" && isListLike(value)) continue;
      if (name === "object" && isCollection && value["type"] === "BOOKMARK") continue;
      if (name === "continue") continue;
      this.observe(member);
    }
  }

  #observeVersion(version: unknown): void {
    if (typeof version !== "string" || version === "" || version === "0") return;
    if (!this.#versions.has(version)) this.#versions.set(version, this.#versions.size + 1);
  }

  #observeNames(value: Json): void {
    const { metadata } = value;
    if (isJson(metadata)) {
      const { generateName, name } = metadata;
      if (typeof generateName === "string" && typeof name === "string" && name.startsWith(generateName)) {
        const isGenerated = /^[a-z0-9]{5}$/.test(name.slice(generateName.length));
        if (isGenerated) this.#names.set(name, `${generateName}<suffix>`);
      }
      const event = typeof name === "string" ? /^(.+)\.[0-9a-f]{10,}$/.exec(name) : null;
      if (event !== null && typeof name === "string") this.#names.set(name, `${event[1]}.<suffix>`);
    }
    const { message } = value;
    const named = typeof message === "string" ? REPLICA_SET.exec(message)?.[1] : undefined;
    for (const hash of [value["pod-template-hash"], named]) {
      if (typeof hash === "string" && !this.#hashes.has(hash)) this.#hashes.set(hash, this.#hashes.size + 1);
    }
  }

  /** Second pass: the value with placeholders. */
  apply(value: unknown): unknown {
    if (typeof value === "string") return this.#text(value);
    if (Array.isArray(value)) return value.map((item) => this.apply(item));
    if (!isJson(value)) return value;
    if (value["kind"] === "Table") return this.#members(this.#withoutAges(value));
    return this.#members(value);
  }

  #members(value: Json): Json {
    const normal: Json = {};
    for (const [name, member] of Object.entries(value)) {
      if (name === "managedFields" && this.#dropsManagedFields) continue;
      normal[this.#text(name)] = this.#member(value, name, member);
    }
    return normal;
  }

  #member(parent: Json, name: string, member: unknown): unknown {
    if (name === "metadata" && isListLike(parent) && isJson(member)) return this.#listMeta(member);
    if (parent["type"] === "BOOKMARK" && name === "object" && isJson(member) && isJson(member["metadata"])) {
      return { ...this.#members(member), metadata: this.#listMeta(member["metadata"]) };
    }
    if (name === "resourceVersion" && typeof member === "string") return this.#version(member);
    if (name === "continue" && typeof member === "string" && member !== "") return "<continue>";
    if (name === "nodePort" && typeof member === "number") return "<nodePort>";
    if (name === "token" && typeof member === "string") return "<token>";
    if (name === "serverAddress") return "<server>";
    return this.apply(member);
  }

  #listMeta(meta: Json): Json {
    const normal = this.#members(meta);
    if (typeof meta["resourceVersion"] === "string") normal["resourceVersion"] = "<rv:list>";
    return normal;
  }

  #version(version: string): string {
    const number = this.#versions.get(version);
    return number === undefined ? version : `<rv:${number}>`;
  }

  #withoutAges(table: Json): Json {
    const columns = table["columnDefinitions"];
    if (Array.isArray(columns)) {
      this.#ageColumns = columns.flatMap((column: Json, index) =>
        AGE_COLUMNS.has(String(column["name"])) || column["type"] === "date" ? [index] : [],
      );
    }
    const rows = Array.isArray(table["rows"]) ? table["rows"] : [];
    return {
      ...table,
      rows: rows.map((row: Json) => ({
        ...row,
        cells: Array.isArray(row["cells"])
          ? row["cells"].map((cell: unknown, index) => (this.#ageColumns.includes(index) ? "<age>" : cell))
          : row["cells"],
      })),
    };
  }

  /** Of the last table that had column definitions: events after the first have none. */
  #ageColumns: readonly number[] = [];

  #text(text: string): string {
    let normal = text;
    for (const [name, placeholder] of this.#names) normal = normal.replaceAll(name, placeholder);
    for (const [hash, number] of this.#hashes) normal = normal.replaceAll(hash, `<hash:${number}>`);
    normal = normal
      .replaceAll(this.#namespace, "<ns>")
      .replaceAll(UUID, (uuid) => (WRITTEN_UUID.test(uuid) ? uuid : "<uid>"))
      .replaceAll(TIME, (time) => (this.#literals.includes(time) ? time : "<time>"))
      .replaceAll(ADDRESS, (address) => (this.#literals.includes(address) ? address : "<clusterIP>"))
      .replaceAll(PRINTED_OBJECT, 'Invalid value: "<object>"')
      .replaceAll(/\b(\d+):3[0-2]\d{3}\//g, "$1:<nodePort>/");
    return this.#versionsIn(normal);
  }

  /** Versions inside of messages. */
  #versionsIn(text: string): string {
    return (
      text
        .replaceAll(/(?<=Too large resource version: \d+, current: )\d+/g, "<rv:list>")
        .replaceAll(/(?<=too old resource version: \d+ \()\d+/g, "<rv:list>")
        // A pod that is gone again is named in events alone.
        .replaceAll(/(?<=(?:Created|Deleted) pod: \S+-)[a-z0-9]{5}$/g, "<suffix>")
        .replaceAll(/(?<=in record \()\d+(?=\))/g, (version) => this.#version(version))
    );
  }
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListLike(value: Json): boolean {
  const kind = String(value["kind"] ?? "");
  return (
    kind === "Table" || (kind.endsWith("List") && "items" in value) || kind === "PartialObjectMetadataList"
  );
}

function isListMeta(value: Json): boolean {
  return "continue" in value && !("name" in value);
}
