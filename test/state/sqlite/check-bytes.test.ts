import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { StakeoutError } from "../../../src/core/errors.ts";
import { commitOf, context, openStore, temporaryFile } from "../fixtures.ts";
import { check, fill, fold, problemsOf } from "./check-fixtures.ts";

describe("damaged bytes", () => {
  /** Enough for tables that take several pages each. */
  async function largeFile(): Promise<string> {
    const file = temporaryFile();
    const store = openStore({ file });
    for (let index = 0; index < 300; index++) {
      store.putStringSet(context(), `key ${index}`, { members: [`${"member".repeat(9)} ${index}`] });
    }
    await store.commit(commitOf());
    await store.close();
    fold(file);
    await fill(file, (again) => again.incrementCounter(context(), "key 1", { amount: 1 }));
    return file;
  }

  /** Every outcome but an error of another kind, which would be a defect. */
  function outcome(file: string): "sound" | "damaged" | "refused" {
    try {
      return problemsOf(file).length === 0 ? "sound" : "damaged";
    } catch (error) {
      if (error instanceof StakeoutError) return "refused";
      throw error;
    }
  }

  test("in any page are found or do no harm, and never end the check itself", async () => {
    const file = await largeFile();
    const bytes = readFileSync(file);
    const copy = temporaryFile();
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 })), {
          minLength: 1,
          maxLength: 20,
        }),
        (flips) => {
          const damaged = Buffer.from(bytes);
          for (const [offset, mask] of flips) damaged.writeUInt8(damaged.readUInt8(offset) ^ mask, offset);
          writeFileSync(copy, damaged);
          seen.add(outcome(copy));
        },
      ),
      { numRuns: 100 },
    );
    expect(seen).toContain("damaged");
  });

  test("that are missing at the end are found", async () => {
    const file = await largeFile();
    const { size } = statSync(file);
    for (const part of [0.9, 0.5, 0.2]) {
      const copy = temporaryFile();
      copyFileSync(file, copy);
      truncateSync(copy, Math.floor(size * part));
      expect(outcome(copy)).not.toBe("sound");
    }
  });

  test("of a log that was cut off leave an earlier commit, and that is sound", async () => {
    const file = await largeFile();
    const store = openStore({ file });
    for (let round = 0; round < 5; round++) {
      store.incrementCounter(context(), "key 1", { amount: 1 });
      await store.commit(commitOf());
    }
    const { size } = statSync(`${file}-wal`);
    const counts = new Set<number>();
    for (const bytes of [...Array.from({ length: Math.ceil(size / 3000) }, (_, part) => part * 3000), size]) {
      const copy = temporaryFile();
      copyFileSync(file, copy);
      copyFileSync(`${file}-wal`, `${copy}-wal`);
      truncateSync(`${copy}-wal`, bytes);
      expect(problemsOf(copy)).toEqual([]);
      counts.add(check(copy).counts.journalRows);
    }
    expect(counts.size).toBe(6);
    await store.close();
  });
});
