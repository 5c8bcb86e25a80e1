import { strToU8, zipSync } from "fflate";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { StakeoutError } from "../../../../src/core/errors.ts";
import { readWheel, readWheelMetadata } from "../../../../src/rules/python/packages/wheel.ts";
import { makeWheel } from "./fixtures.ts";

const unusable = (message: RegExp): unknown =>
  expect.objectContaining({ code: "PACKAGE_UNUSABLE", message: expect.stringMatching(message) });

test("the files of a wheel, without folders", () => {
  const { bytes } = makeWheel({ files: { "demo/data/": new Uint8Array(), "demo/data/list.txt": "a\n" } });
  const files = readWheel(bytes);
  expect([...files.keys()].sort()).toEqual([
    "demo-1.0.dist-info/METADATA",
    "demo/__init__.py",
    "demo/data/list.txt",
  ]);
  expect(new TextDecoder().decode(files.get("demo/data/list.txt"))).toBe("a\n");
});

test("files of the data folder go where they belong; scripts are left out", () => {
  const files = readWheel(
    makeWheel({ files: { "demo-1.0.data/purelib/inner/a.py": "a", "demo-1.0.data/scripts/run": "b" } }).bytes,
  );
  expect(files.has("inner/a.py")).toBe(true);
  expect([...files.keys()].filter((name) => name.includes("run"))).toEqual([]);
});

test("METADATA is found", () => {
  const { bytes, metadata } = makeWheel({ requires: ["other"] });
  expect(readWheelMetadata(bytes)).toBe(metadata);
});

test("a wheel without METADATA is unusable", () => {
  expect(() => readWheelMetadata(zipSync({ "demo.py": strToU8("") }))).toThrow(unusable(/METADATA/));
});

describe("names that lead elsewhere", () => {
  test.each([
    "../evil.py",
    "demo/../../evil.py",
    "/etc/evil.py",
    "C:/evil.py",
    "demo\\evil.py",
    "demo//evil.py",
    "demo/./evil.py",
    "demo-1.0.data/purelib/../evil.py",
    "nul\0.py",
  ])("%j", (name) => {
    expect(() => readWheel(makeWheel({ files: { [name]: "evil" } }).bytes)).toThrow(
      unusable(/leads elsewhere/),
    );
  });
});

describe("archives that are not what they seem", () => {
  /** Where the second field of the central directory's entries is: the size that it claims. */
  function entries(bytes: Uint8Array): readonly number[] {
    const found: number[] = [];
    for (let at = 0; at < bytes.length - 4; at += 1) {
      if (new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0, true) === 0x02014b50) found.push(at);
    }
    return found;
  }

  test("a size beyond the limit is refused before anything is unpacked", () => {
    const { bytes } = makeWheel();
    for (const at of entries(bytes)) new DataView(bytes.buffer).setUint32(at + 24, 0x20000000, true);
    expect(() => readWheel(bytes)).toThrow(unusable(/more than 268435456 bytes/));
  });

  test("entries that share their bytes are refused", () => {
    const { bytes } = makeWheel();
    for (const at of entries(bytes)) new DataView(bytes.buffer).setUint32(at + 20, bytes.length, true);
    expect(() => readWheel(bytes)).toThrow(unusable(/overlap/));
  });

  test("the same name twice is refused", () => {
    const archive = zipSync({ "demo/a.py": strToU8("1"), "demo/b.py": strToU8("2") });
    const text = Buffer.from(archive);
    let at = text.indexOf("demo/b.py");
    while (at >= 0) {
      text.write("demo/a.py", at);
      at = text.indexOf("demo/b.py");
    }
    expect(() => readWheel(text)).toThrow(unusable(/demo\/a\.py is in it twice/));
  });

  test("what is no archive is unusable", () => {
    expect(() => readWheel(strToU8("<html>not found</html>"))).toThrow(unusable(/unpacked/));
    expect(() => readWheel(new Uint8Array())).toThrow(unusable(/unpacked/));
  });

  function outcomeOf(bytes: Uint8Array): string {
    try {
      return readWheel(bytes) instanceof Map ? "files" : "something else";
    } catch (error) {
      return error instanceof StakeoutError ? error.code : String(error);
    }
  }

  test("damage anywhere gives files or a typed error, never anything else", () => {
    const { bytes } = makeWheel({ files: { "demo/long.py": "x = 1\n".repeat(50) } });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const damaged = bytes.slice();
        damaged[at] = value;
        expect(outcomeOf(damaged)).toMatch(/^(?:files|PACKAGE_UNUSABLE)$/);
      }),
    );
  });
});
