import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compress, fileSource, folderWith, Reading, type SeenRecord } from "../fixtures.ts";

const space = fc.constantFrom("", " ", "\n", "\r\n", " \n\n");
const value = fc.oneof({ weight: 4, arbitrary: fc.object({ maxDepth: 2 }) }, fc.jsonValue({ maxDepth: 1 }));
const element = fc.tuple(value, space).map(([json, after]) => JSON.stringify(json) + after);
const elements = fc.array(element, { maxLength: 12 }).map((texts) => `[${texts.join(",")}]`);

/** Content of each format, with faults in some. */
const content = fc.oneof(
  fc
    .array(fc.tuple(value, fc.constantFrom("\n", "\r\n", "\n\n")), { maxLength: 30 })
    .map((parts) => parts.map(([json, end]) => JSON.stringify(json) + end).join("")),
  fc.array(fc.tuple(elements, space), { maxLength: 3 }).map((parts) => parts.flat().join("")),
  fc
    .array(fc.tuple(elements, space, fc.constantFrom("Records", "Records", "Other")), { maxLength: 4 })
    .map((parts) => parts.map(([array, after, name]) => `{"${name}":${array},"x":[{}]}${after}`).join("")),
  fc
    .array(value, { maxLength: 8 })
    .map((values) => values.map((json) => JSON.stringify(json, undefined, 1)).join("\n")),
  fc.tuple(elements, fc.string({ maxLength: 30 })).map(([array, rest]) => array + rest),
);

const file = fc.record({
  content,
  compression: fc.constantFrom("none", "gzip", "zstd"),
  /** Stored bytes that are missing at the end. */
  missingBytes: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 })),
});

const options = fc.record({
  bufferBytes: fc.constantFrom(1, 16, 50, 4096),
  limits: fc.record({ recordBytesMax: fc.constantFrom(30, 4096) }),
});

const kills = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), options), { maxLength: 8 });

test("killed anywhere and started again, reading gives each record once, as without being killed", async () => {
  const folder = folderWith();
  await fc.assert(
    fc.asyncProperty(
      fc.array(file, { minLength: 1, maxLength: 3 }),
      kills,
      options,
      async (files, kills, last) => {
        const paths = files.map(({ content, compression, missingBytes }, index) => {
          const stored = compress[compression](Buffer.from(content));
          const path = join(folder, String(index));
          writeFileSync(path, stored.subarray(0, Math.max(0, stored.length - missingBytes)));
          return path;
        });
        const limits = last.limits;
        const expected = await new Reading().run(fileSource({ paths, limits }));

        const reading = new Reading();
        const records: SeenRecord[] = [];
        for (const [count, { bufferBytes }] of kills) {
          records.push(...(await reading.run(fileSource({ paths, limits, bufferBytes }), count)));
        }
        records.push(...(await reading.run(fileSource({ paths, ...last }))));
        expect(records).toEqual(expected);
        expect(await reading.run(fileSource({ paths, ...last }))).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});

test("every place of a chunk is one to go on from", async () => {
  const stored = '[{"a":1}, 2 ,"x"]\n[{"b":1}] garbage\n[[1]]{"a"';
  const folder = folderWith({ a: stored });
  const paths = [folder];
  const expected = await new Reading().run(fileSource({ paths }));
  expect(expected.map(({ reason }) => reason)).toContain("invalid-json");
  const source = fileSource({ paths });
  await source.find();
  await source.open(() => undefined);
  const chunk = await source.read();
  expect(chunk?.count).toBe(expected.length);
  for (let count = 0; count <= expected.length; count++) {
    const resumed = fileSource({ paths, bufferBytes: 8 });
    const reading = new Reading();
    reading.positions.set(chunk?.stream ?? "", chunk?.positionAfter(count) ?? {});
    expect(await reading.run(resumed)).toEqual(expected.slice(count));
  }
  await source.close();
});
