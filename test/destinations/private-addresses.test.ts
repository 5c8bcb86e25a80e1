import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { urlProblem } from "../../src/destinations/destination-url.ts";
import { createAddressGuard } from "../../src/destinations/private-addresses.ts";

describe("without private networks", () => {
  const guard = createAddressGuard([]);

  test.each([
    ["this network", "0.0.0.0"],
    ["this network", "0.1.2.3"],
    ["private", "10.0.0.1"],
    ["private", "172.16.0.1"],
    ["private", "172.31.255.255"],
    ["private", "192.168.1.1"],
    ["carrier NAT", "100.64.0.1"],
    ["carrier NAT", "100.127.255.255"],
    ["loopback", "127.0.0.1"],
    ["loopback", "127.255.255.254"],
    ["link-local, where clouds tell secrets", "169.254.169.254"],
    ["protocol assignments", "192.0.0.8"],
    ["documentation", "192.0.2.1"],
    ["documentation", "198.51.100.1"],
    ["documentation", "203.0.113.1"],
    ["6to4 relays", "192.88.99.1"],
    ["benchmarks", "198.18.0.1"],
    ["multicast", "224.0.0.1"],
    ["multicast", "239.255.255.255"],
    ["reserved", "240.0.0.1"],
    ["broadcast", "255.255.255.255"],
    ["unspecified", "::"],
    ["loopback", "::1"],
    ["IPv4-compatible", "::127.0.0.1"],
    ["IPv4-compatible", "::8.8.8.8"],
    ["IPv4-mapped", "::ffff:127.0.0.1"],
    ["IPv4-mapped", "::ffff:8.8.8.8"],
    ["IPv4-mapped, in hexadecimal", "::ffff:7f00:1"],
    ["IPv4-translated", "::ffff:0:127.0.0.1"],
    ["NAT64", "64:ff9b::7f00:1"],
    ["NAT64", "64:ff9b::808:808"],
    ["local NAT64", "64:ff9b:1::1"],
    ["discard", "100::1"],
    ["6to4", "2002:7f00:1::"],
    ["6to4", "2002:808:808::1"],
    ["Teredo", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    ["benchmarks", "2001:2::1"],
    ["documentation", "2001:db8::1"],
    ["documentation", "3fff::1"],
    ["unique-local", "fc00::1"],
    ["unique-local", "fd12:3456::1"],
    ["link-local", "fe80::1"],
    ["link-local with a zone", "fe80::1%eth0"],
    ["site-local", "fec0::1"],
    ["multicast", "ff02::1"],
    ["no address", "localhost"],
    ["nothing", ""],
  ])("%s is refused: %s", (_, address) => {
    expect(guard.allows(address)).toBe(false);
  });

  test.each([
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001::1",
  ])("%s is public", (address) => {
    expect(guard.allows(address)).toBe(true);
  });

  test("no IPv6 form of any IPv4 address is a way in", () => {
    const forms = [
      (high: string, low: string) => `::${high}:${low}`,
      (high: string, low: string) => `::ffff:${high}:${low}`,
      (high: string, low: string) => `::ffff:0:${high}:${low}`,
      (high: string, low: string) => `64:ff9b::${high}:${low}`,
      (high: string, low: string) => `2002:${high}:${low}::1`,
    ];
    const half = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
    fc.assert(
      fc.property(half, half, fc.constantFrom(...forms), (high, low, form) => {
        expect(guard.allows(form(high, low))).toBe(false);
      }),
    );
  });
});

describe("with private networks", () => {
  const guard = createAddressGuard(["10.1.0.0/16", "192.168.7.7", "fd00::/8", "::1"]);

  test.each(["10.1.2.3", "192.168.7.7", "fd00::1", "::1", "::ffff:10.1.2.3", "8.8.8.8"])(
    "%s may be reached",
    (address) => {
      expect(guard.allows(address)).toBe(true);
    },
  );

  test.each(["10.2.0.1", "192.168.7.8", "127.0.0.1", "fc00::1", "::2", "::ffff:10.2.0.1", "2002:a01:203::1"])(
    "%s may not",
    (address) => {
      expect(guard.allows(address)).toBe(false);
    },
  );

  test("a form of IPv6 may be allowed as such", () => {
    expect(createAddressGuard(["64:ff9b::/96"]).allows("64:ff9b::808:808")).toBe(true);
  });

  test.each(["10.0.0.0/33", "10.1", "127", "intranet", "", "10.0.0.0/8/8"])("%o is not a network", (text) => {
    expect(() => createAddressGuard([text])).toThrow(
      `${text} is not a network such as 10.1.0.0/16 or fd00::/8.`,
    );
  });
});

describe("the URL of a destination", () => {
  test.each([
    "https://hooks.example/x",
    "http://hooks.example:8080/?a=b",
    "https://8.8.8.8/",
    "https://[2606:4700::1111]/",
  ])("%s is accepted", (url) => {
    expect(urlProblem(url, [])).toBeUndefined();
  });

  test.each([
    ["http://127.0.0.1/", "127.0.0.1"],
    ["http://127.1/", "127.0.0.1"],
    ["http://2130706433/", "127.0.0.1"],
    ["http://0x7f.0.0.1/", "127.0.0.1"],
    ["http://0177.0.0.1/", "127.0.0.1"],
    ["http://127.0.0.1./", "127.0.0.1"],
    ["http://[::1]/", "::1"],
    ["http://[::ffff:127.0.0.1]/", "::ffff:7f00:1"],
    ["http://169.254.169.254/latest/meta-data/", "169.254.169.254"],
  ])("%s is refused", (url, address) => {
    expect(urlProblem(url, [])).toBe(
      `The URL leads to ${address}, which is not a public address. If that is meant, add its network to privateNetworks.`,
    );
  });

  test("an address of a configured network is accepted", () => {
    expect(urlProblem("http://127.0.0.1:9000/", ["127.0.0.0/8"])).toBeUndefined();
  });

  test.each([
    ["hooks.example/x", "cannot be read"],
    ["", "cannot be read"],
    ["ftp://hooks.example/s3cret", "not with ftp:"],
    ["file:///etc/s3cret", "not with file:"],
    ["javascript:s3cret", "not with javascript:"],
    ["https://user:s3cret@hooks.example/", "holds a user name or password"],
    ["https://s3cret@hooks.example/", "holds a user name or password"],
  ])("%s is refused without repeating it", (url, words) => {
    expect(urlProblem(url, [])).toContain(words);
    expect(urlProblem(url, [])).not.toContain("s3cret");
  });
});
