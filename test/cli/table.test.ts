import { PassThrough } from "node:stream";

import { expect, test } from "vitest";

import { renderTable } from "../../src/cli/table.ts";

const screen = new PassThrough();

test("columns are as wide as their longest value, numbers on the right", () => {
  const text = renderTable(
    [{ name: "KEY" }, { name: "COUNT", align: "right" }, { name: "ENDS" }],
    [
      ["a", "1", "never"],
      ["longer", "1000000", "soon"],
    ],
    screen,
  );
  expect(text).toBe("KEY       COUNT  ENDS\na             1  never\nlonger  1000000  soon\n");
});

test("control characters and direction overrides are made visible", () => {
  const text = renderTable([{ name: "KEY" }], [["\u001b[31mred\n\u202egnp"]], screen);
  expect(text).toBe("KEY\n\\x1b[31mred\\x0a\\u202egnp\n");
});
