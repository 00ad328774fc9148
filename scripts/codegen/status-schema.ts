import { PHASES } from "../../src/api/status.ts";
import type { SchemaNode } from "./structural.ts";

/** The status as the API server sees it: what people and tools read is typed, the controller's own memory is free-form. */
export function statusSchema(): SchemaNode {
  return {
    type: "object",
    description: "Written by the controller.",
    "x-kubernetes-preserve-unknown-fields": true,
    properties: {
      observedGeneration: {
        type: "integer",
        format: "int64",
        description: "Generation of the spec that this status speaks of.",
      },
      phase: { type: "string", enum: [...PHASES], description: "Where the Rollout stands." },
      message: { type: "string", description: "What is going on and what it waits for, in one sentence." },
      canaryWeight: {
        type: "integer",
        format: "int32",
        description: "Percentage of requests that the canary gets.",
      },
      step: { type: "string", description: "Step of the run, as 2/4." },
      verdict: { type: "string", description: "Verdict on the current step: pass, fail or inconclusive." },
      revision: {
        type: "string",
        description: "pod-template-hash of the revision being released, or of the one that serves.",
      },
      promoted: freeForm("The revision that serves."),
      rejected: freeForm("The revision that was rolled back; it is not tried again until retry."),
      run: freeForm("The release under way: its stage, steps, evidence, verdict and the spec it follows."),
      contested: freeForm("Who else has changed the weights in this run, and how often."),
      history: {
        type: "array",
        maxItems: 10,
        description: "Finished runs, newest first.",
        items: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      },
      conditions: conditions(),
    },
  };
}

function freeForm(description: string): SchemaNode {
  return { type: "object", description, "x-kubernetes-preserve-unknown-fields": true };
}

function conditions(): SchemaNode {
  return {
    type: "array",
    description: "Accepted, Progressing, Promoted, Ready.",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["type"],
    items: {
      type: "object",
      required: ["type", "status"],
      properties: {
        type: { type: "string" },
        status: { type: "string", enum: ["True", "False", "Unknown"] },
        reason: { type: "string" },
        message: { type: "string" },
        lastTransitionTime: { type: "string", format: "date-time" },
        observedGeneration: { type: "integer", format: "int64" },
      },
    },
  };
}
