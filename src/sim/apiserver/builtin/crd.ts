import { asList, asObject, asText, childOf, type Draft, setDefault } from "../json-object.ts";

/** Defaults of apiextensions.k8s.io/v1 CustomResourceDefinitions. */
export function defaultCrd(draft: Draft): void {
  const spec = childOf(draft, "spec");
  const names = childOf(spec, "names");
  const kind = asText(names["kind"]) ?? "";
  if (!names["singular"]) names["singular"] = kind.toLowerCase();
  if (!names["listKind"]) names["listKind"] = `${kind}List`;
  setDefault(spec, "conversion", { strategy: "None" });
  for (const version of asList(spec["versions"])) {
    for (const column of asList((version as Draft)["additionalPrinterColumns"])) {
      setDefault(column as Draft, "priority", 0);
    }
  }
}

/** A new definition is not served yet; its status says so with nulls. */
export function newCrdStatus(draft: Draft): Draft {
  const stored = asList(asObject(draft["spec"])["versions"])
    .map(asObject)
    .filter((version) => version["storage"] === true);
  return {
    conditions: null,
    acceptedNames: { plural: "", kind: "" },
    storedVersions: stored.map((version) => version["name"]),
  };
}
