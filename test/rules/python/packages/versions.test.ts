import { expect, test } from "vitest";

import { asksForPrereleases, fits, pins } from "../../../../src/rules/python/packages/versions.ts";

test.each([
  ["2.0", ">=1,<3", true],
  ["2", "==2.0.*", true],
  ["2", "~=2.0.0", true],
  ["2.1", "~=2.0.0", false],
  ["1!2.0", "==1!2.*", true],
  ["2.0rc1", ">=1", true],
  ["1.0.post1", ">1.0", false],
  ["1.0+local", "==1.0", true],
  ["1.0", "", true],
])("%s fits %j: %s", (version, specifier, expected) => {
  expect(fits(version, specifier)).toBe(expected);
});

test.each([
  [">=2.0rc1", true],
  ["==1.0.dev3", true],
  ["<2,>=1a1", true],
  ["!=2.0rc1", false],
  [">=2.0", false],
  ["", false],
])("%j asks for pre-releases: %s", (specifier, expected) => {
  expect(asksForPrereleases(specifier)).toBe(expected);
});

test.each([
  ["==1.0", true],
  ["===1.0", true],
  [">0,==1.0", true],
  ["==1.*", false],
  [">=1.0", false],
  ["==1.1", false],
])("%s names exactly 1.0: %s", (specifier, expected) => {
  expect(pins(specifier, "1.0")).toBe(expected);
});
