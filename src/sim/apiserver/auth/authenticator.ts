import { createHmac, timingSafeEqual } from "node:crypto";
import type { ApiRequest } from "../../../kube/transport.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Prng } from "../../../lib/prng.ts";
import { unauthorized } from "../status.ts";
import type { Collection } from "../store/collection.ts";
import type { UserInfo } from "../verbs/call.ts";

export const ADMINISTRATOR: UserInfo = {
  name: "system:admin",
  groups: ["system:masters", "system:authenticated"],
};

const ANONYMOUS: UserInfo = { name: "system:anonymous", groups: ["system:unauthenticated"] };

export interface AuthenticatorOptions {
  readonly clock: Clock;
  readonly prng: Prng;
  readonly adminToken: string;
  /** The collection of ServiceAccounts: a token is good as long as its account exists. */
  readonly serviceAccounts: Collection;
}

/** What a service account's token says. */
interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: readonly string[];
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly exp: number;
  readonly "kubernetes.io": {
    readonly namespace: string;
    readonly serviceaccount: { readonly name: string; readonly uid: string };
  };
}

export const ISSUER = "https://kubernetes.default.svc.cluster.local";

/** Tells who sends a request: by the administrator's token, or by the signed token of a service account. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #key: Buffer;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#key = Buffer.from(Array.from({ length: 32 }, () => options.prng.integer(0, 255)));
  }

  /** Without a token it is the anonymous user; a wrong token fails with 401. */
  authenticate(request: ApiRequest): UserInfo {
    const header = request.headers["authorization"];
    if (header === undefined || header === "") return ANONYMOUS;
    const token = /^bearer +(\S+)$/i.exec(header)?.[1];
    const user = token === undefined ? undefined : this.userOf(token);
    if (user === undefined) throw unauthorized();
    return user;
  }

  userOf(token: string): UserInfo | undefined {
    return token === this.#options.adminToken ? ADMINISTRATOR : this.#serviceAccountOf(token);
  }

  /** A JSON Web Token of a service account (HS256), good for `lifetimeSeconds`. */
  issue(account: ServiceAccountRef, lifetimeSeconds: number, audiences: readonly string[]): string {
    const now = Math.floor(this.#options.clock.now() / 1_000);
    const claims: Claims = {
      iss: ISSUER,
      sub: `system:serviceaccount:${account.namespace}:${account.name}`,
      aud: audiences,
      iat: now,
      exp: now + lifetimeSeconds,
      "kubernetes.io": {
        namespace: account.namespace,
        serviceaccount: { name: account.name, uid: account.uid },
      },
    };
    const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
    return `${signed}.${this.#sign(signed).toString("base64url")}`;
  }

  #serviceAccountOf(token: string): UserInfo | undefined {
    const [header, payload, signature] = token.split(".");
    if (header === undefined || payload === undefined || signature === undefined) return undefined;
    const expected = this.#sign(`${header}.${payload}`);
    const found = Buffer.from(signature, "base64url");
    if (found.length !== expected.length || !timingSafeEqual(found, expected)) return undefined;
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Claims;
    if (claims.exp * 1_000 <= this.#options.clock.now()) return undefined;
    const { namespace, serviceaccount } = claims["kubernetes.io"];
    const account = this.#options.serviceAccounts.get(namespace, serviceaccount.name);
    if (account?.metadata.uid !== serviceaccount.uid) return undefined;
    return serviceAccountUser({ namespace, ...serviceaccount });
  }

  #sign(text: string): Buffer {
    return createHmac("sha256", this.#key).update(text).digest();
  }
}

export interface ServiceAccountRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

function serviceAccountUser({ namespace, name, uid }: ServiceAccountRef): UserInfo {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    uid,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
  };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
