import { expect, test } from "vitest";

import { normalizeName, parseWheelName } from "../../../../src/rules/python/packages/names.ts";

test.each([
  ["Friendly-Bard", "friendly-bard"],
  ["friendly.bard", "friendly-bard"],
  ["FRIENDLY-._.-bard", "friendly-bard"],
])("%s is compared as %s", (name, normalized) => {
  expect(normalizeName(name)).toBe(normalized);
});

test.each([
  ["demo-1.0-py3-none-any.whl", true],
  ["demo-1.0-py2.py3-none-any.whl", true],
  ["demo-1.0-py38-none-any.whl", true],
  ["demo-1.0-py314-none-any.whl", true],
  ["demo-1.0-py315-none-any.whl", false],
  ["demo-1.0-py2-none-any.whl", false],
  ["demo-1.0-cp314-cp314-manylinux_2_17_x86_64.whl", false],
  ["demo-1.0-py3-none-macosx_11_0_arm64.whl", false],
  ["demo-1.0-cp38-abi3-any.whl", false],
])("%s runs here: %s", (file, pure) => {
  expect(parseWheelName(file)?.pure).toBe(pure);
});

test("the parts of a file name are read", () => {
  expect(parseWheelName("Some_Demo-1.0+local.1-12-py3-none-any.whl")).toEqual({
    name: "some-demo",
    version: "1.0+local.1",
    build: 12,
    pure: true,
  });
});

test.each([
  "demo-1.0.tar.gz",
  "demo.whl",
  "../demo-1.0-py3-none-any.whl",
  "a/demo-1.0-py3-none-any.whl",
  "demo-1.0-py3-none-any.whl\n",
  "demo-1.0-py3-none-any.whl.exe",
  "",
])("%j is not a wheel", (file) => {
  expect(parseWheelName(file)).toBeUndefined();
});
