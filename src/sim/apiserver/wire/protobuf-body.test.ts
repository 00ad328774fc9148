import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeProtobufBody } from "./protobuf-body.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

function envelope(apiVersion: string, kind: string, fill: (writer: ProtobufWriter) => void): Uint8Array {
  const unknown = new ProtobufWriter()
    .message(1, (type) => type.text(1, apiVersion).text(2, kind))
    .message(2, fill)
    .finish();
  return Buffer.concat([Buffer.from("k8s\0"), unknown]);
}

describe("a protobuf body", () => {
  it("is read as the ConfigMap that kubectl create configmap sends", () => {
    // Captured from kubectl 1.35: create configmap c1 --from-literal=a=b
    const bytes = Buffer.from(
      "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEhwKEgoCYzESABoAIgAqADIAOABCABIGCgFhEgFiGgAiAA==",
      "base64",
    );
    expect(decodeProtobufBody(bytes)).toMatchObject({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "c1" },
      data: { a: "b" },
    });
  });

  it("keeps lists in order, embedded structs flat, and numbers, times and quantities in their JSON form", () => {
    const bytes = envelope("v1", "Pod", (pod) => {
      pod.message(1, (meta) => meta.text(1, "p").message(8, (time) => time.integer(1, 1_700_000_000)));
      pod.message(2, (spec) => {
        // A volume: its source is an embedded struct, a message of its own on the wire.
        spec.message(1, (volume) => {
          volume
            .text(1, "v")
            .message(2, (source) => source.message(2, (emptyDir) => emptyDir.text(1, "Memory")));
        });
        spec.message(2, (container) => {
          container.text(1, "main").text(3, "run").text(3, "it");
          container.message(8, (resources) =>
            resources.message(1, (limit) =>
              limit.text(1, "cpu").message(2, (quantity) => quantity.text(1, "500m")),
            ),
          );
          container.message(10, (probe) =>
            probe.message(1, (handler) =>
              handler.message(2, (http) => http.message(2, (port) => port.integer(1, 1).text(3, "http"))),
            ),
          );
        });
        spec.integer(4, 30);
      });
    });
    expect(decodeProtobufBody(bytes)).toEqual({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p", creationTimestamp: "2023-11-14T22:13:20Z" },
      spec: {
        volumes: [{ name: "v", emptyDir: { medium: "Memory" } }],
        containers: [
          {
            name: "main",
            command: ["run", "it"],
            resources: { limits: { cpu: "500m" } },
            livenessProbe: { httpGet: { port: "http" } },
          },
        ],
        terminationGracePeriodSeconds: 30,
      },
    });
  });

  it("of a kind that is not served, or of other bytes, is not decoded", () => {
    expect(decodeProtobufBody(envelope("batch/v1", "Job", () => {}))).toBeUndefined();
    expect(decodeProtobufBody(Buffer.from('{"kind":"Pod"}'))).toBeUndefined();
  });

  it("never fails, whatever the bytes", () => {
    const valid = envelope("v1", "Pod", (pod) => {
      pod.message(1, (meta) => meta.text(1, "p").message(8, (time) => time.integer(1, 1_700_000_000)));
      pod.message(2, (spec) => spec.message(2, (container) => container.text(1, "main")));
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 6 }), (changes) => {
        const bytes = Uint8Array.from(valid);
        for (const [at, byte] of changes) bytes[at] = byte;
        expect(() => decodeProtobufBody(bytes)).not.toThrow();
      }),
    );
  });
});
