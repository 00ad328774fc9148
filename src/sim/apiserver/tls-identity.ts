// Has to come first: the dependency injection inside @peculiar/x509 looks for it.
import "reflect-metadata";
import type { webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** What a TLS server presents and what its clients trust, as PEM texts. */
export interface TlsIdentity {
  readonly caCertificate: string;
  readonly certificate: string;
  readonly key: string;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 24 * 60 * 60 * 1_000;
/** Names by which an API server is reached, beside the address it listens on. */
const USUAL_NAMES = ["localhost", "127.0.0.1", "::1", "kubernetes", "kubernetes.default.svc"];

/**
 * A certificate authority made for this one server and a certificate signed by it, valid for a year from `nowMs` (and
 * an hour before, for clocks that lag). The authority's key is forgotten: nobody can sign a second certificate.
 */
export async function createTlsIdentity(options: {
  readonly nowMs: number;
  /** Further host names or IP addresses that the certificate is good for. */
  readonly hosts?: readonly string[];
}): Promise<TlsIdentity> {
  const validity = {
    notBefore: new Date(options.nowMs - 60 * 60 * 1_000),
    notAfter: new Date(options.nowMs + 365 * DAY_MS),
  };
  const caKeys = await generateKeys();
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: "CN=sluice-ca",
    keys: caKeys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const serverKeys = await generateKeys();
  const names = [...new Set([...USUAL_NAMES, ...(options.hosts ?? [])])];
  const certificate = await X509CertificateGenerator.create({
    ...validity,
    subject: "CN=sluice-apiserver",
    issuer: ca.subject,
    publicKey: serverKeys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names.map(alternativeName)),
      await AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  return {
    caCertificate: pemOf(ca),
    certificate: pemOf(certificate),
    key: PemConverter.encode(await crypto.subtle.exportKey("pkcs8", serverKeys.privateKey), "PRIVATE KEY"),
  };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

function alternativeName(host: string): { readonly type: "ip" | "dns"; readonly value: string } {
  return { type: isIP(host) === 0 ? "dns" : "ip", value: host };
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}
