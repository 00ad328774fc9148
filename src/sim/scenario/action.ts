import type { Patch } from "../../kube/client.ts";
import type { CommandOutcome } from "../load-tester.ts";
import type { MeshLag } from "../mesh/lag.ts";
import type { WebhookAnswer } from "../webhooks.ts";
import type { ImageEntry } from "./image-schema.ts";
import type { ObjectRef } from "./object-ref.ts";
import type { TrafficChange } from "./traffic-schema.ts";

/** One thing that happens to the world. Absent objects and namespaces mean the Rollout, its target, its namespace. */
export type Action =
  | {
      readonly kind: "setImage";
      readonly deployment?: string | undefined;
      readonly namespace?: string | undefined;
      readonly container?: string | undefined;
      readonly image: string;
    }
  | {
      readonly kind: "annotate";
      readonly object: ObjectRef | null;
      /** null removes. */
      readonly annotations: Readonly<Record<string, string | null>>;
    }
  | {
      readonly kind: "patch";
      readonly object: ObjectRef;
      readonly patch: Patch;
      readonly subresource?: "status" | undefined;
    }
  | { readonly kind: "delete"; readonly object: ObjectRef }
  | {
      readonly kind: "deletePod";
      readonly pod?: string | undefined;
      readonly deployment?: string | undefined;
      readonly selector?: string | undefined;
      readonly namespace?: string | undefined;
      readonly count: number;
      readonly now: boolean;
    }
  | {
      readonly kind: "scale";
      readonly deployment?: string | undefined;
      readonly namespace?: string | undefined;
      readonly replicas: number;
    }
  | { readonly kind: "apply"; readonly files: readonly string[]; readonly objects: readonly unknown[] }
  | { readonly kind: "traffic"; readonly changes: readonly TrafficChange[] }
  | { readonly kind: "images"; readonly images: Readonly<Record<string, ImageEntry>> }
  | {
      readonly kind: "prometheus";
      readonly state: "up" | "down" | "slow" | "errors" | "empty" | "nan";
      readonly delayMs: number;
    }
  | { readonly kind: "webhook"; readonly answers: Readonly<Record<string, WebhookAnswer>> }
  | {
      readonly kind: "loadTester";
      /** Path that a person calls, for the Rollout. */
      readonly call: string | undefined;
      readonly commands: Readonly<Record<string, CommandOutcome>>;
    }
  | { readonly kind: "meshDelay"; readonly lag: MeshLag }
  | { readonly kind: "controller"; readonly verb: "kill" | "start" | "restart" }
  | {
      readonly kind: "apiServer";
      readonly state: "up" | "down" | "errors" | "slow";
      readonly rate: number;
      readonly status: number;
      readonly delayMs: number;
    };
