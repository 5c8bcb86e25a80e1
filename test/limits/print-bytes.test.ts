import { describe, expect, test } from "vitest";

import { PrintLimit, type PrintStream } from "../../src/engine/print-limit.ts";

interface Printing {
  readonly limit: PrintLimit;
  readonly stream: PrintStream;
  /** The event that rules are asked about from here on. */
  readonly at: (offset: number | undefined) => void;
  readonly printed: () => string;
}

function createPrinting(bytesMax = 10): Printing {
  let offset: number | undefined;
  let printed = "";
  const limit = new PrintLimit({
    bytesMax,
    position: () => (offset === undefined ? undefined : { source: "files", stream: "a.json", offset }),
  });
  const stream: PrintStream = {
    write: (chunk) => {
      printed += Buffer.from(chunk as Uint8Array).toString();
      return true;
    },
  };
  limit.attach(stream);
  return { limit, stream, at: (next) => void (offset = next), printed: () => printed };
}

describe("printBytesMax", () => {
  test("shows what fits, says at once that it cuts, and later how much", () => {
    const { limit, stream, at, printed } = createPrinting();
    at(7);
    stream.write("12345");
    stream.write("6789012");
    expect(printed()).toBe(
      "1234567890\nstakeout: rules print more than 10 bytes about the event at a.json offset 7 (the limit printBytesMax); " +
        "the rest is not shown\n",
    );
    stream.write("more");
    limit.flush();
    expect(printed()).toMatch(/\nstakeout: 6 bytes were not shown\n$/);
    limit.flush();
    expect(printed().match(/were not shown/g)).toHaveLength(1);
  });

  test("begins anew with each event, and tells then what the last one's rules had cut", () => {
    const { stream, at, printed } = createPrinting();
    at(1);
    stream.write("12345678901");
    at(2);
    stream.write("1234567890");
    expect(printed()).toMatch(/stakeout: 1 bytes were not shown\n1234567890$/);
  });

  test("counts what both streams print together, in bytes", () => {
    const { limit, stream, printed } = createPrinting();
    const other: PrintStream = { write: () => true };
    limit.attach(other);
    other.write("ééé");
    stream.write(Buffer.from("éé"));
    expect(printed()).toBe("éé");
    stream.write("!");
    limit.flush();
    expect(printed()).toMatch(/stakeout: 1 bytes were not shown\n$/);
  });

  test("calls back whoever waits for a write that is not shown", async () => {
    const { stream } = createPrinting();
    const { promise, resolve } = Promise.withResolvers<void>();
    stream.write("12345678901", resolve);
    await expect(promise).resolves.toBeUndefined();
  });
});
