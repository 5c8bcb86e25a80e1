import * as fc from "fast-check";
import { expect, test } from "vitest";

import { compareKeys } from "../../src/state/key-order.ts";

test("keys compare as their bytes in UTF-8 do", () => {
  const key = fc.string({
    unit: fc.constantFrom("a", "b", "\u007f", "é", "\ud7ff", "\ue000", "\uffff", "😀", "😁"),
  });
  fc.assert(
    fc.property(key, key, (left, right) => {
      expect(Math.sign(compareKeys(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)));
    }),
    { numRuns: 1000 },
  );
});
