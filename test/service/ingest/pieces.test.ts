import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Joiner, Pieces } from "../../../src/service/ingest/pieces.ts";

const anyPieces = fc.array(
  fc.uint8Array({ minLength: 1, maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
);

test("pieces stay in order and joined are what came", () => {
  const joiner = new Joiner();
  fc.assert(
    fc.property(anyPieces, (given) => {
      const pieces = new Pieces();
      for (const piece of given) pieces.push(piece);
      expect(joiner.join(pieces.end()).equals(Buffer.concat(given))).toBe(true);
    }),
  );
});

test("many small pieces become few", () => {
  const pieces = new Pieces();
  for (let count = 0; count < 100_000; count++) pieces.push(Buffer.from("x"));
  expect(pieces.end().length).toBeLessThan(200);
});

test("joins in the same memory each time, up to a size", () => {
  const joiner = new Joiner();
  const half = Buffer.alloc(1000);
  expect(joiner.join([half, half]).buffer).toBe(joiner.join([half, half]).buffer);
  const large = Buffer.alloc(3 * 1024 * 1024);
  expect(joiner.join([large, large]).buffer).not.toBe(joiner.join([large, large]).buffer);
});
