import { writeFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import {
  lockPath,
  readLock,
  renderLock,
  type Lock,
  type LockedPackage,
} from "../../../../src/rules/python/packages/lock.ts";
import { requirement, tempFolder } from "./fixtures.ts";

function locked(parts: Partial<LockedPackage> = {}): LockedPackage {
  return {
    name: "demo",
    version: "1.0",
    file: "demo-1.0-py3-none-any.whl",
    url: "https://packages.test/demo-1.0-py3-none-any.whl",
    sha256: "ab".repeat(32),
    size: 12,
    requires: [],
    ...parts,
  };
}

function read(text: string): Lock | undefined {
  const folder = tempFolder();
  writeFileSync(lockPath(folder), text);
  return readLock(folder);
}

const other = locked({ name: "other", version: "2.0", file: "other-2.0-py3-none-any.whl" });

test("what is written reads back", () => {
  const lock = {
    requested: [requirement("demo[more]>=1")],
    packages: [locked({ requires: ["other"] }), other],
  };
  const back = read(renderLock(lock));
  expect(back?.packages).toEqual(lock.packages);
  expect(back?.requested).toMatchObject([{ name: "demo", extras: ["more"], specifier: ">=1" }]);
});

test("the text is sorted, with one line for each package", () => {
  const requested = [requirement("other"), requirement("demo")];
  const text = renderLock({ requested, packages: [other, locked()] });
  expect(text).toBe(
    renderLock({ requested: requested.toReversed(), packages: [other, locked()].toReversed() }),
  );
  expect(text.split("\n").filter((line) => line.includes("sha256"))).toHaveLength(2);
  expect(text.indexOf("demo-1.0")).toBeLessThan(text.indexOf("other-2.0"));
});

test("a folder without a lock has none", () => {
  expect(readLock(tempFolder())).toBeUndefined();
});

describe("locks that cannot be used", () => {
  const file = (packages: unknown, requested: unknown = []): string =>
    JSON.stringify({ schemaVersion: 1, requested, packages });

  test.each([
    ["no JSON", "{", /JSON/],
    ["a list", "[]", /object/],
    ["no version", "{}", /schemaVersion/],
    ["a later version", '{"schemaVersion":2}', /newer Stakeout/],
    ["a file name that leads out", file([locked({ file: "../demo-1.0-py3-none-any.whl" })]), /"demo"/],
    ["the wheel of another package", file([locked({ file: other.file })]), /"demo"/],
    ["a wheel of another version", file([locked({ version: "1.1" })]), /"demo"/],
    ["another scheme", file([locked({ url: "file:///etc/passwd" })]), /"demo"/],
    ["a short hash", file([locked({ sha256: "ab" })]), /"demo"/],
    ["a package twice", file([locked(), locked()]), /demo twice/],
    ["text for a package", file(["demo"]), /not an object/],
    ["no requirement", file([], ["de mo"]), /"de mo" is not a package/],
    ["merge marks", `<<<<<<< ours\n${file([])}`, /JSON/],
  ])("%s", (_, text, message) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code: "PACKAGE_LOCK_INVALID", message: expect.stringMatching(message) }),
    );
  });
});
