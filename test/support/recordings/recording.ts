import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";

/** Of a real API server; the format is described in test/fixtures/apiserver-recordings/README.md. */
export interface Recording {
  readonly scenario: string;
  readonly about: string;
  readonly managedFields?: boolean;
  readonly asynchronous?: boolean;
  readonly rvOrder?: readonly string[];
  readonly steps: readonly Step[];
}

export interface Step {
  readonly request: RecordedRequest;
  readonly response: RecordedResponse;
  readonly note?: string;
  readonly poll?: Poll;
  readonly concurrent?: boolean;
  readonly waitEvents?: number;
  readonly stopAfter?: { readonly events?: number; readonly seconds?: number };
  readonly compare?: "subset" | "status" | "states" | "none";
  readonly ignore?: readonly string[];
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly auth?: string;
}

export interface RecordedResponse {
  readonly status: number;
  readonly contentType?: string;
  readonly warning?: readonly string[];
  readonly body?: unknown;
}

export interface Poll {
  readonly until: Readonly<Record<string, unknown>>;
  readonly stableMs?: number;
  readonly timeoutSeconds?: number;
}

const FOLDER = new URL("../../fixtures/apiserver-recordings/", import.meta.url);

/** All recordings, the HTTP scenarios first. */
export function loadRecordings(): readonly Recording[] {
  return [FOLDER, new URL("kubectl/", FOLDER)].flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith(".json"))
      .sort()
      .map((file) => {
        const recording = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Recording;
        const isKubectl = folder !== FOLDER;
        return { ...recording, scenario: `${isKubectl ? "kubectl/" : ""}${basename(file, ".json")}` };
      }),
  );
}

/** The CustomResourceDefinitions that the scenarios need. */
export function loadDefinitions(): readonly unknown[] {
  return JSON.parse(readFileSync(new URL("fixtures/crds.json", FOLDER), "utf8")) as readonly unknown[];
}
