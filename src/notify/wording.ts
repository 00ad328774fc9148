import type { RunFacts } from "../api/notification.ts";
import type { NotificationVariable } from "../api/notification-template.ts";
import { templatePieces } from "../api/template.ts";
import { roughDuration } from "../lib/duration.ts";
import { plural } from "../lib/text.ts";
import { clockTime, isoTime, parseTime } from "../lib/time.ts";
import type { Letter } from "./channel.ts";
import { fromTemplate, type Markup, plain } from "./markup.ts";

/** A letter in words, before any markup. */
export interface Words {
  readonly title: Markup;
  readonly text: Markup;
  /** What to do next; null when nothing is, or when the text has a template of its own. */
  readonly next: string | null;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  /** What the receiver should know of the message itself: it is late, others were left out. */
  readonly notes: readonly string[];
  /** Where and when: "cluster eu-1", "Rollout shop/checkout", "run 7", "14:02:10 UTC". */
  readonly place: readonly string[];
}

/** Older messages say that they are. */
const LATE_MS = 120_000;

export function wordsOf(letter: Letter): Words {
  const { transition, receiver, subject, cluster } = letter;
  const { title, text } = receiver.spec;
  const values = valuesOf(letter);
  const { run } = transition;
  return {
    title: title === undefined ? plain(transition.title) : fromTemplate(templatePieces(title), values),
    text: text === undefined ? plain(transition.text) : fromTemplate(templatePieces(text), values),
    next: text === undefined ? (transition.next ?? null) : null,
    facts: run === null ? [] : factsOf(run, transition.atMs),
    notes: notesOf(letter),
    place: [
      ...(cluster === undefined ? [] : [`cluster ${cluster}`]),
      `Rollout ${subject.namespace}/${subject.name}`,
      ...(run === null ? [] : [`run ${run.id}`]),
      `${clockTime(transition.atMs)} UTC`,
    ],
  };
}

function factsOf(run: RunFacts, atMs: number): Words["facts"] {
  return [
    { name: "Image", value: run.image },
    { name: "Revision", value: run.revision },
    { name: "Weight", value: `${run.share} (step ${run.step})` },
    { name: "Running for", value: roughDuration(atMs - parseTime(run.startedAt)) },
  ];
}

function notesOf({ ageMs, missed }: Letter): readonly string[] {
  const notes: string[] = [];
  if (ageMs > LATE_MS) notes.push(`Told late: it happened ${roughDuration(ageMs)} ago.`);
  if (missed !== null) {
    const others = missed.count - missed.titles.length;
    const more = others === 0 ? "" : `, and ${others} more`;
    notes.push(
      `${plural(missed.count, "earlier message")} could not be delivered here: ${missed.titles.join("; ")}${more}.`,
    );
  }
  return notes;
}

function valuesOf(letter: Letter): Readonly<Record<NotificationVariable, string>> {
  const { transition, subject, cluster = "", dashboard = "" } = letter;
  const { title, text, next = "", reason, severity, run, atMs } = transition;
  return {
    title,
    text,
    next,
    reason,
    severity,
    cluster,
    namespace: subject.namespace,
    name: subject.name,
    run: run === null ? "" : String(run.id),
    image: run?.image ?? "",
    revision: run?.revision ?? "",
    weight: run === null ? "" : String(run.weight),
    step: run?.step ?? "",
    age: run === null ? "" : roughDuration(atMs - parseTime(run.startedAt)),
    time: isoTime(atMs),
    dashboard,
  };
}
