import { createHmac } from "node:crypto";
import type { WebhookSpec } from "../../api/spec-gates.ts";
import type { SecretKey, SecretValues } from "../../kube/secret-values.ts";

/** What goes with a webhook's requests, read from Secrets and ConfigMaps. */
export interface Confidential {
  readonly headers: Readonly<Record<string, string>>;
  /** PEM. */
  readonly ca: string | undefined;
  /** Values that must not be shown. */
  readonly secrets: readonly string[];
}

export type ConfidentialReading = Confidential | { readonly problem: string };

/** Header with the HMAC-SHA256 of the body, in hexadecimal after `sha256=`. */
const SIGNATURE_HEADER = "x-sluice-signature-256";

/** Everything that a webhook takes from Secrets; or which of it cannot be had. */
export async function readConfidential(
  hook: WebhookSpec,
  body: string,
  { values, namespace }: { readonly values: SecretValues; readonly namespace: string },
): Promise<ConfidentialReading> {
  const read = async (key: Omit<SecretKey, "namespace">): Promise<string> => {
    const found = await values.read({ ...key, namespace });
    if (found.kind !== "value") throw new MissingValue(found.reason);
    return found.value;
  };
  try {
    const headers: Record<string, string> = {};
    const secrets: string[] = [];
    for (const { name, value, valueFrom } of hook.headers ?? []) {
      const secret = valueFrom === undefined ? undefined : await read(valueFrom.secretKeyRef);
      if (secret !== undefined) secrets.push(secret);
      if (/[^\x20-\x7e\t]/.test(secret ?? ""))
        throw new MissingValue(`the value of header ${name} cannot be sent in a header`);
      headers[name.toLowerCase()] = secret ?? value ?? "";
    }
    if (hook.signature !== undefined) {
      const key = await read(hook.signature.secretKeyRef);
      secrets.push(key);
      headers[SIGNATURE_HEADER] = `sha256=${createHmac("sha256", key).update(body).digest("hex")}`;
    }
    const { configMapKeyRef, secretKeyRef } = hook.tls?.ca ?? {};
    const caKey: Omit<SecretKey, "namespace"> | undefined =
      configMapKeyRef === undefined ? secretKeyRef : { ...configMapKeyRef, kind: "ConfigMap" };
    return { headers, ca: caKey === undefined ? undefined : await read(caKey), secrets };
  } catch (error) {
    if (error instanceof MissingValue) return { problem: error.message };
    throw error;
  }
}

class MissingValue extends Error {
  override readonly name = "MissingValue";
}
