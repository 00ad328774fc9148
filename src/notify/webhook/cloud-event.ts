import type { Transition } from "../../api/notification.ts";
import { isoTimeMs } from "../../lib/time.ts";
import type { Letter } from "../channel.ts";
import { asItIs, plain, withinBytes, write } from "../markup.ts";
import { wordsOf } from "../wording.ts";

/** CloudEvents 1.0, structured JSON (https://github.com/cloudevents/spec). */
export interface CloudEvent {
  readonly specversion: "1.0";
  /** The same for every attempt: receivers may leave out what they have seen. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: "application/json";
  /** An extension attribute, to route by. */
  readonly severity: string;
  readonly data: CloudEventData;
}

export interface CloudEventData {
  readonly cluster?: string;
  readonly namespace: string;
  readonly name: string;
  readonly target: string;
  readonly reason: string;
  readonly title: string;
  readonly text: string;
  readonly next?: string;
  readonly run?: Omit<NonNullable<Transition["run"]>, "threads">;
  /** One metric over the run; values at equal distances. */
  readonly chart?: Transition["chart"];
  readonly dashboard?: string;
  /** Earlier events that could not be delivered here. */
  readonly missed?: { readonly count: number; readonly titles: readonly string[] };
}

/** What everybody on the way has to forward (CloudEvents 1.0, "Size Limits"), and a little less. */
const MAX_BYTES = 64_000;
const TEXT_LENGTHS = [10_000, 2_000, 500];
const MAX_LINE = 1_000;
const MAX_MISSED = 200;

export function cloudEvent(letter: Letter): CloudEvent {
  return withinBytes(MAX_BYTES, TEXT_LENGTHS, (maxText) => eventOf(letter, maxText));
}

function eventOf(letter: Letter, maxText: number): CloudEvent {
  const { subject, transition, cluster, receiver, dashboard, missed } = letter;
  const { namespace, name, uid, target } = subject;
  const words = wordsOf(letter);
  const { run, chart } = transition;
  return {
    specversion: "1.0",
    id: `${uid}/${transition.id}`,
    source: sourceOf(cluster, namespace, name),
    type: `dev.sluice.rollout.${transition.reason}`,
    subject: `${namespace}/${name}`,
    time: isoTimeMs(transition.atMs),
    datacontenttype: "application/json",
    severity: transition.severity,
    data: {
      ...(cluster === undefined ? {} : { cluster }),
      namespace,
      name,
      target,
      reason: transition.reason,
      title: write(words.title, asItIs, MAX_LINE),
      text: write(words.text, asItIs, maxText),
      ...(transition.next === undefined ? {} : { next: cut(transition.next, MAX_LINE) }),
      ...(run === null ? {} : { run: factsOf(run) }),
      ...(chart === null || !receiver.spec.chart ? {} : { chart }),
      ...(dashboard === undefined ? {} : { dashboard }),
      ...(missed === null
        ? {}
        : { missed: { ...missed, titles: missed.titles.map((it) => cut(it, MAX_MISSED)) } }),
    },
  };
}

function factsOf({ threads: _, ...facts }: NonNullable<Transition["run"]>): CloudEventData["run"] & object {
  return { ...facts, image: cut(facts.image, MAX_LINE) };
}

function cut(text: string, maxLength: number): string {
  return write(plain(text), asItIs, maxLength);
}

/** A URI reference: `/clusters/eu-1/namespaces/shop/rollouts/checkout`. */
function sourceOf(cluster: string | undefined, namespace: string, name: string): string {
  const place = cluster === undefined ? "" : `/clusters/${encodeURIComponent(cluster)}`;
  return `${place}/namespaces/${namespace}/rollouts/${name}`;
}
