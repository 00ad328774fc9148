/** One step of a path such as `a.b[0].c`, `a.b[type=X].c`, `a["dotted.key"]` or `*`. */
type Segment =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "where"; readonly name: string; readonly value: string }
  | { readonly kind: "every" };

const SEGMENT = /\["([^"]+)"\]|\[(\d+)\]|\[(\w+)=([^\]]+)\]|\[\*\]|\*|[^.[\]*]+/g;

export function parsePath(path: string): readonly Segment[] {
  return [...path.matchAll(SEGMENT)].map((match): Segment => {
    const [text, quoted, index, name, value] = match;
    if (quoted !== undefined) return { kind: "name", name: quoted };
    if (index !== undefined) return { kind: "index", index: Number(index) };
    if (name !== undefined && value !== undefined) return { kind: "where", name, value };
    if (text === "*" || text === "[*]") return { kind: "every" };
    return { kind: "name", name: text };
  });
}

/** The value at a path; undefined when there is none. */
export function valueAtPath(root: unknown, path: string): unknown {
  let value: unknown = root;
  for (const segment of parsePath(path)) {
    value = childrenOf(value, segment)[0]?.get();
    if (value === undefined) return undefined;
  }
  return value;
}

/** Removes what is at a path, for every element that it matches. */
export function removeAtPath(root: unknown, path: string): void {
  const segments = parsePath(path);
  let places = [{ get: () => root, remove: () => undefined as unknown }];
  for (const segment of segments) places = places.flatMap((place) => childrenOf(place.get(), segment));
  for (const place of places.reverse()) place.remove();
}

interface Place {
  readonly get: () => unknown;
  readonly remove: () => unknown;
}

function childrenOf(value: unknown, segment: Segment): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const members = value as Record<string, unknown>;
  const place = (key: string | number): Place => ({
    get: () => members[key],
    remove: () => (Array.isArray(value) ? value.splice(Number(key), 1) : delete members[key]),
  });
  switch (segment.kind) {
    case "name":
      if (segment.name === "length" && Array.isArray(value)) {
        return [{ get: () => value.length, remove: () => undefined }];
      }
      return Object.hasOwn(members, segment.name) ? [place(segment.name)] : [];
    case "index":
      return Array.isArray(value) && segment.index < value.length ? [place(segment.index)] : [];
    case "where":
      return Array.isArray(value)
        ? value.flatMap((item, index) =>
            String((item as Record<string, unknown>)?.[segment.name]) === segment.value ? [place(index)] : [],
          )
        : [];
    case "every":
      return Object.keys(members).map(place);
  }
}
