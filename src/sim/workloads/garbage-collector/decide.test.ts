import { describe, expect, it } from "vitest";
import type { ObjectMeta } from "../../../kube/object.ts";
import { CONFIG_MAP } from "../../../kube/resources.ts";
import { collect, type OwnerState } from "./decide.ts";
import type { GraphNode } from "./owner-graph.ts";

function node(name: string, metadata: Partial<ObjectMeta> = {}): GraphNode {
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, uid: name, ...metadata } };
  return { resource: CONFIG_MAP, object };
}

function ownedBy(...owners: readonly string[]): Partial<ObjectMeta> {
  return {
    ownerReferences: owners.map((uid) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      name: uid,
      uid,
      blockOwnerDeletion: uid.startsWith("blocked"),
    })),
  };
}

const leaving = { deletionTimestamp: "2026-01-05T09:00:00Z" };

/** Owners are in the state that their name begins with. */
function stateOf(uid: string): OwnerState {
  return uid.split("-")[0] as OwnerState;
}

describe("collect", () => {
  it.each([
    ["without owners", node("a"), { kind: "keep" }],
    ["with an owner that stays", node("a", ownedBy("solid-1")), { kind: "keep" }],
    [
      "whose only owner is gone",
      node("a", ownedBy("absent-1")),
      { kind: "delete", propagation: "Background" },
    ],
    [
      "with an owner that stays and one that is gone",
      node("a", ownedBy("solid-1", "absent-1")),
      { kind: "dropOwners", uids: new Set(["absent-1"]) },
    ],
    ["of whose owner nobody can tell", node("a", ownedBy("unknown-1", "absent-1")), { kind: "keep" }],
    [
      "that has to orphan its own dependents",
      node("a", { ...ownedBy("absent-1"), finalizers: ["orphan"] }),
      { kind: "delete", propagation: "Orphan" },
    ],
    ["that is being deleted already", node("a", { ...ownedBy("absent-1"), ...leaving }), { kind: "keep" }],
  ] as const)("an object %s", (_, subject, expected) => {
    expect(collect(subject, [], stateOf)).toEqual(expected);
  });

  it("deletes in the foreground what has dependents and an owner that waits for it", () => {
    const subject = node("a", ownedBy("waiting-1"));
    expect(collect(subject, [node("b", ownedBy("a"))], stateOf)).toEqual({
      kind: "delete",
      propagation: "Foreground",
    });
    expect(collect(subject, [], stateOf)).toEqual({ kind: "delete", propagation: "Background" });
  });

  it("waits only for dependents that block", () => {
    const subject = node("blocked", { ...leaving, finalizers: ["foregroundDeletion"] });
    const blocking = node("b", ownedBy("blocked"));
    const other = node("c", {
      ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "x", uid: "blocked" }],
    });
    expect(collect(subject, [blocking, other], stateOf)).toEqual({
      kind: "awaitDependents",
      blocking: [blocking],
    });
  });
});
