import { expect, it } from "vitest";
import { NOT_ACCEPTABLE } from "../media-type.ts";
import { notAcceptable, notFound } from "../status.ts";
import { failureAnswer } from "./failure-answer.ts";

it("a failure is JSON for whoever accepts something beside protobuf", () => {
  const { status } = notAcceptable(NOT_ACCEPTABLE);
  for (const accept of [
    "application/json",
    "application/vnd.kubernetes.protobuf,application/json",
    "text/html",
  ]) {
    const answer = failureAnswer({ headers: { accept } }, status, []);
    expect(answer).toMatchObject({
      status: 406,
      contentType: "application/json",
      body: { kind: "json", value: status },
    });
  }
});

it("a failure is byte for byte the recorded protobuf for whoever accepts nothing else", () => {
  const { status } = notAcceptable(NOT_ACCEPTABLE);
  const { body } = failureAnswer({ headers: { accept: "application/vnd.kubernetes.protobuf" } }, status, []);
  const raw =
    "0a060a0012001a0012074661696c7572651a74" +
    Buffer.from(NOT_ACCEPTABLE).toString("hex") +
    `220d${Buffer.from("NotAcceptable").toString("hex")}309603`;
  const size = (raw.length / 2).toString(16);
  const expected = `6b3873000a0c0a0276311206537461747573 12${size}01${raw}1a002200`.replaceAll(" ", "");
  expect(body.kind === "bytes" && Buffer.from(body.bytes).toString("hex")).toBe(expected);
});

it("details are part of it", () => {
  const resource = {
    group: "sluice.dev",
    version: "v1alpha1",
    kind: "Rollout",
    plural: "rollouts",
    namespaced: true,
  };
  const { status } = notFound(resource, "r1");
  const { body } = failureAnswer({ headers: { accept: "application/vnd.kubernetes.protobuf" } }, status, []);
  expect(body.kind === "bytes" && Buffer.from(body.bytes).toString("latin1")).toContain(
    "\x02r1\x12\x0asluice.dev\x1a\x08rollouts",
  );
});
