import { ADOPTED_ANNOTATION } from "../api/names.ts";
import type { Service } from "../kube/kind/network.ts";
import { GITOPS_GUARDS } from "./guards.ts";

type Texts = Readonly<Record<string, string>>;

/** What is remembered of an apex Service that we took over, as JSON in an annotation of it. */
interface Memory {
  readonly selector: Texts;
  /** Names of the annotations that we added. */
  readonly annotations: readonly string[];
}

/** The annotations of an apex Service while it selects the primary. */
export function adoptedAnnotations(service: Service): Texts {
  const annotations = service.metadata.annotations ?? {};
  if (memoryOf(service) !== null) return annotations;
  const added = Object.keys(GITOPS_GUARDS).filter((name) => annotations[name] === undefined);
  const memory: Memory = { selector: service.spec.selector ?? {}, annotations: added };
  return {
    ...annotations,
    ...Object.fromEntries(added.map((name) => [name, GITOPS_GUARDS[name] ?? ""])),
    [ADOPTED_ANNOTATION]: JSON.stringify(memory),
  };
}

/** The annotations of an apex Service that is given back. */
export function releasedAnnotations(service: Service): Texts {
  const ours = new Set([ADOPTED_ANNOTATION, ...(memoryOf(service)?.annotations ?? [])]);
  return Object.fromEntries(
    Object.entries(service.metadata.annotations ?? {}).filter(([name]) => !ours.has(name)),
  );
}

/** The selector that it had before; null when it was never taken over, or the memory was tampered with. */
export function originalSelector(service: Service): Texts | null {
  return memoryOf(service)?.selector ?? null;
}

function memoryOf(service: Service): Memory | null {
  const text = service.metadata.annotations?.[ADOPTED_ANNOTATION];
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isMemory(value) ? value : null;
  } catch {
    return null;
  }
}

function isMemory(value: unknown): value is Memory {
  if (typeof value !== "object" || value === null || !("selector" in value) || !("annotations" in value))
    return false;
  const { selector, annotations } = value;
  return (
    typeof selector === "object" &&
    selector !== null &&
    Object.values(selector).every((it) => typeof it === "string") &&
    Array.isArray(annotations) &&
    annotations.every((it) => typeof it === "string")
  );
}
