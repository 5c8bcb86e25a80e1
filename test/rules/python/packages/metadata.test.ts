import { expect, test } from "vitest";

import { parseMetadata } from "../../../../src/rules/python/packages/metadata.ts";
import { makeWheel } from "./fixtures.ts";

test("headers are read, the description below them is not", () => {
  const { metadata, file } = makeWheel({
    requires: ["other>=2", "third; extra == 'more'"],
    extras: ["More_Things"],
    requiresPython: ">=3.9",
  });
  const { requirements, extras, requiresPython } = parseMetadata(metadata, file);
  expect(requirements.map(({ name, specifier }) => name + specifier)).toEqual(["other>=2", "third"]);
  expect(requirements.map(({ applies }) => applies(""))).toEqual([true, false]);
  expect([...extras]).toEqual(["more-things"]);
  expect(requiresPython).toBe(">=3.9");
});

test("a value may go on in the next line, with line ends of Windows", () => {
  const { requirements } = parseMetadata("Name: demo\r\nRequires-Dist: other\r\n  >=2\r\n", "demo.whl");
  expect(requirements[0]?.specifier).toBe(">=2");
});

test("a requirement that cannot be read is an error that names it and the wheel", () => {
  const text = "Name: demo\nRequires-Dist: other @ https://example.com/other.whl\n";
  expect(() => parseMetadata(text, "demo-1.0-py3-none-any.whl")).toThrow(
    expect.objectContaining({
      code: "PACKAGE_UNUSABLE",
      message: expect.stringMatching(/demo-1\.0.*other @ https/),
    }),
  );
});
