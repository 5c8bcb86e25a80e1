import { describe, expect, test } from "vitest";
import { isPrivate, isPublic, Networks } from "../../../../src/rules/panther/detection/addresses.ts";

/** What Python 3.14's `ipaddress` answers for `is_private` and `is_global`: first and last of each range, and neighbours. */
const privateAddresses = [
  "0.0.0.0",
  "0.255.255.255",
  "10.0.0.0",
  "10.255.255.255",
  "127.0.0.1",
  "169.254.169.254",
  "172.16.0.0",
  "172.31.255.255",
  "192.0.0.8",
  "192.0.0.170",
  "192.0.2.1",
  "192.168.255.255",
  "198.19.255.255",
  "198.51.100.7",
  "203.0.113.7",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:10.0.0.1",
  "::ffff:a00:1",
  "64:ff9b:1::1",
  "100::1",
  "2001::1",
  "2001:2::1",
  "2001:10::1",
  "2001:db8::1",
  "2002:808:808::1",
  "3fff::1",
  "fc00::1",
  "fdff::1",
  "fe80::1",
  "fe80::1%eth0",
  "febf::1",
];

const publicAddresses = [
  "1.1.1.1",
  "9.255.255.255",
  "11.0.0.0",
  "126.255.255.255",
  "172.15.255.255",
  "172.32.0.0",
  "192.0.0.9",
  "192.0.0.10",
  "192.0.1.0",
  "192.169.0.0",
  "198.17.255.255",
  "198.20.0.0",
  "224.0.0.1",
  "::2",
  "::ffff:8.8.8.8",
  "64:ff9b::808:808",
  "2001:1::1",
  "2001:1::2",
  "2001:3::1",
  "2001:4:112::1",
  "2001:20::1",
  "2001:30::1",
  "2001:200::1",
  "2606:4700::1111",
  "3ffe::1",
  "fe00::1",
  "fec0::1",
  "ff02::1",
];

test.each(privateAddresses)("%s is private and not public", (address) => {
  expect([isPrivate(address), isPublic(address)]).toEqual([true, false]);
});

test.each(publicAddresses)("%s is public and not private", (address) => {
  expect([isPrivate(address), isPublic(address)]).toEqual([false, true]);
});

test.each(["100.64.0.0", "100.127.255.255", "::ffff:100.64.0.1"])("%s is neither", (address) => {
  expect([isPrivate(address), isPublic(address)]).toEqual([false, false]);
});

test.each([["no address"], [""], [null], [1], [true], [["8.8.8.8"]], [{ ip: "8.8.8.8" }], ["8.8.8.8/32"]])(
  "%j is neither public nor private",
  (value) => {
    expect([isPrivate(value), isPublic(value)]).toEqual([false, false]);
  },
);

describe("a network", () => {
  test.each([
    "10.0.0.0/33",
    "::/129",
    "10.0.0/8",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "a/8",
    "",
    "fe80::%1/64",
  ])("%j is none", (cidr) => {
    expect(new Networks().add(cidr)).toBe(false);
  });

  test("has the addresses from its first to its last", () => {
    const networks = new Networks(["192.168.4.0/22"]);
    const addresses = ["192.168.3.255", "192.168.4.0", "192.168.7.255", "192.168.8.0"];
    expect(addresses.map((address) => networks.has(address))).toEqual([false, true, true, false]);
  });
});
