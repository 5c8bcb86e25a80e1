import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { packageLimits } from "../../../../src/rules/python/packages/limits.ts";

test("docs/python-packages.md has each limit with its default", () => {
  const rows = readFileSync("docs/python-packages.md", "utf8").matchAll(/^\| `(\w+Max)` \| ([\d,]+) \|/gm);
  const documented = [...rows].map(([, name, value = ""]) => [name, Number(value.replaceAll(",", ""))]);
  expect(documented).toEqual(Object.entries(packageLimits));
});
