import { describe, expect, test } from "vitest";
import { AddressGuard } from "./address-guard.ts";

function check(host: string, allowed: readonly string[] = []): string {
  try {
    new AddressGuard(allowed).checkUrl(new URL(`https://${host}/`));
    return "may be reached";
  } catch (error) {
    return (error as Error).message;
  }
}

describe("a URL of somebody else's", () => {
  test.each([
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "2130706433",
    "0x7f.1",
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    "[::1]",
    "[::]",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
  ])("does not lead to %s", (host) => {
    expect(check(host)).toMatch(/ is at \S+, which webhooks may not reach$/);
  });

  test.each(["10.0.0.1", "192.168.1.1", "203.0.113.7", "[fd12::1]", "hooks.example.com"])(
    "may lead to %s",
    (host) => expect(check(host)).toBe("may be reached"),
  );

  test("leads to what is allowed all the same, and to no more", () => {
    const allowed = ["169.254.10.0/24", "fe80::/64"];
    expect(check("169.254.10.7", allowed)).toBe("may be reached");
    expect(check("[fe80::7]", allowed)).toBe("may be reached");
    expect(check("169.254.169.254", allowed)).toContain("may not reach");
  });

  test("is looked at when its name is resolved, so that a name cannot hide the address", async () => {
    const { promise, resolve } = Promise.withResolvers<Error | null>();
    new AddressGuard().lookup("localhost", { all: true }, (error) => resolve(error));
    expect((await promise)?.message).toMatch(/^localhost is at \S+, which webhooks may not reach$/);
  });
});
