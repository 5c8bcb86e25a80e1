import { appendFileSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compress } from "../fixtures.ts";
import { TailTrial } from "./fixtures.ts";

const file = fc.record({
  compression: fc.constantFrom("none", "gzip", "zstd"),
  format: fc.constantFrom("lines", "array"),
  lines: fc.integer({ min: 1, max: 40 }),
  /** How much of it is written first. */
  part: fc.integer({ min: 0, max: 100 }),
  between: fc.array(fc.constantFrom("poll", "long poll", "commit", "kill", "rename"), { maxLength: 4 }),
});

type File = typeof file extends fc.Arbitrary<infer T> ? T : never;

function contentOf(
  { compression, format, lines }: File,
  number: number,
): { stored: Buffer; texts: string[] } {
  const texts = Array.from({ length: lines }, (_, line) =>
    JSON.stringify({ file: number, line, text: "x".repeat(line * 7) }),
  );
  const content = format === "lines" ? texts.map((text) => `${text}\n`).join("") : `[${texts.join(",")}]`;
  return { stored: compress[compression](Buffer.from(content)), texts };
}

test("files that come in two parts are read once, whatever happens in between", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 4 }), async (files) => {
      const folder = mkdtempSync(join(tmpdir(), "stakeout-tail-"));
      const trial = new TailTrial({ paths: [folder], bufferBytes: 200 });
      await trial.start();
      const expected: string[] = [];
      for (const [number, described] of files.entries()) {
        const { stored, texts } = contentOf(described, number);
        const cut = Math.floor((stored.length * described.part) / 100);
        let path = join(folder, `${number}`);
        appendFileSync(path, stored.subarray(0, cut));
        for (const [index, between] of described.between.entries()) {
          // Short of the minute after which an unfinished file is taken as it is.
          if (between === "poll" || between === "long poll")
            await trial.poll(between === "poll" ? 100 : 12_000);
          if (between === "commit") trial.commit();
          if (between === "kill") {
            await trial.kill();
            await trial.start();
          }
          if (between === "rename") {
            renameSync(path, `${path}.${index}`);
            path = `${path}.${index}`;
          }
        }
        appendFileSync(path, stored.subarray(cut));
        expected.push(...texts);
      }
      await trial.pollUntil(() => trial.records.length >= expected.length);
      await trial.poll(61_000);
      expect(trial.records.every(({ reason }) => reason === undefined)).toBe(true);
      expect(trial.texts.toSorted()).toEqual(expected.toSorted());
      await trial.end();
      rmSync(folder, { recursive: true });
    }),
    { numRuns: 150 },
  );
});
