import * as fc from "fast-check";
import { expect, test } from "vitest";

import { Chance } from "../../../sim/chance.ts";
import { tear } from "../../../sim/machine/tear.ts";

const sectorBytes = 4;
const content = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));

test("a torn file has a length between the two, and each sector from one of them or empty", () => {
  fc.assert(
    fc.property(content, content, fc.nat(), (durable, current, seed) => {
      const torn = tear({ durable, current, sectorBytes }, new Chance(seed, "test"));
      const lengths = [durable.length, current.length];
      expect(torn.length).toBeGreaterThanOrEqual(Math.min(...lengths));
      expect(torn.length).toBeLessThanOrEqual(Math.max(...lengths));
      for (let at = 0; at < torn.length; at += sectorBytes) {
        const sector = torn.subarray(at, at + sectorBytes);
        const padded = (from: Buffer): Buffer =>
          Buffer.concat([from.subarray(at, at + sector.length), Buffer.alloc(sectorBytes)]).subarray(
            0,
            sector.length,
          );
        expect([padded(durable), padded(current)].some((possible) => possible.equals(sector))).toBe(true);
      }
    }),
  );
});

test("what was synced is never lost", () => {
  fc.assert(
    fc.property(content, content, fc.nat(), (durable, more, seed) => {
      const current = Buffer.concat([durable, more]);
      const torn = tear({ durable, current, sectorBytes }, new Chance(seed, "test"));
      expect(torn.subarray(0, durable.length)).toEqual(durable);
    }),
  );
});
