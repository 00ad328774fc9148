import { RECEIVER_KINDS } from "../../api/spec-notifications.ts";
import { DELIVERY_OUTCOMES } from "../../notify/dispatcher.ts";
import { counter, histogram, observableGauge } from "../../telemetry/metric-definition.ts";

const RESULTS = Object.keys(DELIVERY_OUTCOMES);

/** Slack and the others. What is dropped is named in the log and in the next message that gets through. */
export const NOTIFICATION_METRICS = {
  notifications: counter({
    name: "sluice_notifications_total",
    help: "Notifications, each once for each receiver, when it is known what became of them.",
    labels: { channel: RECEIVER_KINDS.join(", "), result: RESULTS.join(", ") },
    initial: RECEIVER_KINDS.flatMap((channel) => RESULTS.map((result) => ({ channel, result }))),
  }),
  duration: histogram({
    name: "sluice_notification_duration_seconds",
    help: "From a transition until its receiver took the notification.",
    labels: { channel: "as above" },
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600],
  }),
  pending: observableGauge({
    name: "sluice_notifications_pending",
    help: "Notifications that wait or are under way.",
  }),
};
