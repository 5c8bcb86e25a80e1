import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HeldBytes } from "../../../src/service/ingest/held-bytes.ts";

const token = { kind: "token", tokens: [] } as const;
const open = { kind: "none" } as const;

test("as many bytes as may be, of all requests together", () => {
  const held = new HeldBytes(100);
  const one = held.begin(token);
  const other = held.begin(token);
  expect(one.take(60)).toBeUndefined();
  expect(other.take(41)?.code).toBe("BODIES_FULL");
  expect(other.take(40)).toBeUndefined();
  one.give(10);
  expect(other.take(10)).toBeUndefined();
  one.end();
  other.end();
  expect(held.bytes).toBe(0);
});

test("what never fits is told so", () => {
  const one = new HeldBytes(100).begin(token);
  expect(one.take(60)).toBeUndefined();
  expect(one.take(41)?.code).toBe("CONTENT_TOO_LONG");
});

test("clients that have shown no token leave half to those that have", () => {
  const held = new HeldBytes(100);
  expect(held.begin(open).take(50)).toBeUndefined();
  expect(held.begin({ kind: "github", secret: "s" }).take(1)?.code).toBe("BODIES_FULL");
  expect(held.begin(token).take(50)).toBeUndefined();
});

test("what is taken and given adds up, whatever the order", () => {
  const steps = fc.array(fc.record({ request: fc.nat(3), bytes: fc.nat(40), gives: fc.boolean() }), {
    maxLength: 50,
  });
  fc.assert(
    fc.property(steps, (all) => {
      const held = new HeldBytes(100);
      const requests = [token, token, open, open].map((auth) => ({ holding: held.begin(auth), bytes: 0 }));
      for (const { request, bytes, gives } of all) {
        const one = requests[request];
        if (one === undefined) continue;
        if (gives) {
          const given = Math.min(bytes, one.bytes);
          one.holding.give(given);
          one.bytes -= given;
        } else if (one.holding.take(bytes) === undefined) {
          one.bytes += bytes;
        }
        expect(held.bytes).toBe(requests.reduce((sum, { bytes }) => sum + bytes, 0));
        expect(held.bytes).toBeLessThanOrEqual(100);
        expect((requests[2]?.bytes ?? 0) + (requests[3]?.bytes ?? 0)).toBeLessThanOrEqual(50);
      }
    }),
  );
});
