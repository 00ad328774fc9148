import { lookup as resolve } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/**
 * Where a URL of a spec or of its Secrets must not lead: the controller itself and what runs beside it in its pod, and the
 * services by which clouds hand machines their credentials. Whoever may write a Rollout could have them asked otherwise,
 * and read in its status what they answer.
 */
const FORBIDDEN: readonly (readonly [network: string, prefix: number, family: "ipv4" | "ipv6"])[] = [
  ["0.0.0.0", 8, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  // Alibaba's, Azure's and Oracle's, which are not link-local.
  ["100.100.100.200", 32, "ipv4"],
  ["168.63.129.16", 32, "ipv4"],
  ["192.0.0.192", 32, "ipv4"],
  ["::", 127, "ipv6"],
  ["fe80::", 10, "ipv6"],
  ["fd00:ec2::254", 128, "ipv6"],
  ["fd20:ce::254", 128, "ipv6"],
  // The same addresses through NAT64.
  ["64:ff9b::7f00:0", 104, "ipv6"],
  ["64:ff9b::a9fe:0", 112, "ipv6"],
];

/** A URL leads where it must not. */
export class ForbiddenAddressError extends Error {
  override readonly name = "ForbiddenAddressError";
  readonly code = "EFORBIDDEN";
  readonly address: string;

  constructor(host: string, address: string) {
    super(`${host} is at ${address}, which webhooks may not reach`);
    this.address = address;
  }
}

/** Keeps requests to URLs that somebody else has written from addresses that nobody but us should reach. */
export class AddressGuard {
  readonly #forbidden = new BlockList();
  readonly #allowed = new BlockList();

  /** `allowed` as 169.254.10.0/24: these may be reached all the same. */
  constructor(allowed: readonly string[] = []) {
    for (const [network, prefix, family] of FORBIDDEN) this.#forbidden.addSubnet(network, prefix, family);
    for (const range of allowed) {
      const [network = "", prefix = ""] = range.split("/");
      this.#allowed.addSubnet(network, Number(prefix), familyOf(network));
    }
  }

  /** Throws ForbiddenAddressError for a URL whose host is such an address; names are looked at when they are resolved. */
  checkUrl(url: URL): void {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (isIP(host) !== 0) this.#check(host, host);
  }

  /** Resolves names as usual, and fails for those that lead to such an address: also when they do so only the second time. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, options, (error, found, family) => {
      try {
        if (error === null) {
          const addresses: readonly string[] =
            typeof found === "string"
              ? [found]
              : (found as readonly { readonly address: string }[]).map((it) => it.address);
          for (const address of addresses) this.#check(address, hostname);
        }
        callback(error, found, family);
      } catch (thrown) {
        callback(thrown as ForbiddenAddressError, found, family);
      }
    });
  };

  #check(address: string, host: string): void {
    const family = familyOf(address);
    if (!this.#forbidden.check(address, family) || this.#allowed.check(address, family)) return;
    throw new ForbiddenAddressError(host, address);
  }
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}
