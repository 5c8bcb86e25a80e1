import { gzipSync, zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RawConnection, startIngest, token } from "./fixtures.ts";

const objects = fc.array(
  fc
    .dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { minKeys: 1 })
    .map((value) => JSON.stringify(value)),
  { minLength: 1, maxLength: 20 },
);

const layouts = {
  lines: (records: readonly string[]) => records.join("\n"),
  crlf: (records: readonly string[]) => records.map((record) => `${record}\r\n`).join(""),
  array: (records: readonly string[]) => `[${records.join(",\n")}]`,
  envelope: (records: readonly string[]) => `{"Records":[${records.join(", ")}],"more":{"Records":[1]}}`,
};

const packings = { none: (body: Buffer) => body, gzip: gzipSync, zstd: zstdCompressSync };

const layoutNames = Object.keys(layouts) as (keyof typeof layouts)[];
const packingNames = Object.keys(packings) as (keyof typeof packings)[];

function chunked(body: Buffer, key: string, pieceBytes: number): string {
  let text = `POST /v1/events/app HTTP/1.1\r\nhost: test\r\nauthorization: Bearer ${token}\r\n`;
  text += `idempotency-key: ${key}\r\ntransfer-encoding: chunked\r\n\r\n`;
  for (let at = 0; at < body.length; at += pieceBytes) {
    const piece = body.subarray(at, at + pieceBytes);
    text += `${piece.length.toString(16)}\r\n${piece.toString("latin1")}\r\n`;
  }
  return `${text}0\r\n\r\n`;
}

test("whatever a body looks like, its records are stored as they are, and once when it is sent twice", async () => {
  const { port, spool } = await startIngest();
  let run = 0;
  const parts = fc.record({
    records: objects,
    layout: fc.constantFrom(...layoutNames),
    packing: fc.constantFrom(...packingNames),
    pieceBytes: fc.integer({ min: 1, max: 300 }),
  });
  await fc.assert(
    fc.asyncProperty(parts, async ({ records, layout, packing, pieceBytes }) => {
      // A single object with an array first is an envelope or a record, which nobody can tell; an envelope's name is left to those.
      fc.pre(!records.some((record) => record.startsWith('{"Records"')));
      const body = packings[packing](Buffer.from(layouts[layout](records)));
      const request = chunked(body, `run-${run++}`, pieceBytes);
      const entriesBefore = spool.entries.length;
      const connection = new RawConnection(port);
      connection.send(request + request);
      await connection.receive(/accepted[^]*"repeated":true\}/);
      connection.socket.destroy();
      expect(spool.entries.slice(entriesBefore)).toMatchObject([{ records }]);
    }),
    { numRuns: 60 },
  );
});

test("bodies that arrive side by side in many pieces do not mix", async () => {
  const { post, spool } = await startIngest();
  const records = Array.from({ length: 20 }, (_, n) =>
    JSON.stringify({ n, text: String(n).repeat(150_000) }),
  );
  await Promise.all(records.map((record) => post("/v1/events/app", `${record}\n${record}`)));
  const stored = spool.entries.map((entry) => entry.records.join("\n"));
  expect(new Set(stored)).toEqual(new Set(records.map((record) => `${record}\n${record}`)));
});
