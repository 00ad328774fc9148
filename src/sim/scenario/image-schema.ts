import { z } from "zod";
import type { ImageBehaviour } from "../image.ts";
import { defined } from "./defined.ts";
import { duration, latency, share, strict } from "./fields.ts";

const degradation = strict({
  after: duration("So long after the pod's container started."),
  errorRate: share("From then on.").optional(),
  latency: latency.optional(),
}).describe("Pods that are fine at first.");

/** What may be said of an image, and of a single pod of it. */
const traits = {
  errorRate: share("Share of requests answered with errorStatus.").optional(),
  errorStatus: z.int("want a status").min(400, "want 400 to 599").max(599, "want 400 to 599").optional(),
  latency: latency.optional(),
  startTime: duration("From scheduled to ready.").optional(),
  stopTime: duration("How long a deleted pod goes on serving.").optional(),
  crash: z
    .union(
      [
        z.boolean(),
        strict({ after: duration("So long after each start.") }),
        duration("So long after each start."),
      ],
      { error: "want true, false, a duration, or { after: 10s }" },
    )
    .describe("The container exits again and again: soon after it started, or after the time given.")
    .optional(),
  crashAfter: duration("The same as crash: { after: ... }.").optional(),
  pullError: z.boolean("want true or false").describe("The image cannot be pulled.").optional(),
  neverReady: z.boolean("want true or false").describe("Pods start but never become ready.").optional(),
  degradeAfter: degradation.optional(),
};

const traitsSchema = strict(traits);
type Traits = z.output<typeof traitsSchema>;

const variant = strict({
  index: z.int("want a pod's number, from 0").min(0, "want a pod's number, from 0").optional(),
  ...traits,
});

/** A list (the position is the pod's number unless `index` says otherwise), or a map from number to differences. */
const perPod = z
  .preprocess((value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.entries(value).map(([index, differences]) => ({
      ...(typeof differences === "object" ? differences : {}),
      index: Number(index),
    }));
  }, z.array(variant).max(1_000))
  .transform((variants) =>
    variants.map(
      ({ index, ...rest }, position): PodVariant => ({ index: index ?? position, differs: toTraits(rest) }),
    ),
  )
  .describe(
    "How single pods differ; pods of a ReplicaSet are numbered from 0 in the order of their creation.",
  );

export interface PodVariant {
  readonly index: number;
  readonly differs: Partial<ImageBehaviour>;
}

/** What a scenario says of an image. */
export interface ImageEntry {
  readonly differs: Partial<ImageBehaviour>;
  readonly perPod: readonly PodVariant[];
}

export const imageSchema = strict({ ...traits, perPod: perPod.optional() }).transform(
  ({ perPod: variants, ...rest }): ImageEntry => ({ differs: toTraits(rest), perPod: variants ?? [] }),
);

/** `crash: true` without a time: long enough to be seen running, too short to become ready. */
const CRASH_SOON_MS = 500;

function toTraits(written: Traits): Partial<ImageBehaviour> {
  const { crash, crashAfter, startTime, stopTime, degradeAfter, ...same } = written;
  return defined({
    ...same,
    startTimeMs: startTime,
    stopTimeMs: stopTime,
    crashAfterMs: crashAfter ?? crashTime(crash),
    degradeAfter: degradeAfter === undefined ? undefined : toDegradation(degradeAfter),
  });
}

function crashTime(crash: Traits["crash"]): number | null | undefined {
  if (crash === undefined || typeof crash === "number") return crash;
  if (typeof crash === "boolean") return crash ? CRASH_SOON_MS : null;
  return crash.after;
}

function toDegradation({ after, ...rest }: z.output<typeof degradation>): ImageBehaviour["degradeAfter"] {
  return defined({ afterMs: after, ...rest });
}
