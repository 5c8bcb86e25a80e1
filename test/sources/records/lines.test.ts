import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { outcomes, readContent, type SeenRecord, texts } from "../fixtures.ts";

const lines = { format: "lines" } as const;

describe("lines", () => {
  test("LF and CRLF end a line, and the end of the input does", () => {
    expect(texts(readContent("a\nb\r\nc", lines))).toEqual(["a", "b", "c"]);
  });

  test("blank lines are no records", () => {
    expect(texts(readContent("\n\r\n  \t \na\n\n \r\n", lines))).toEqual(["a"]);
  });

  test("white space around text belongs to the record", () => {
    expect(texts(readContent("  a \n", lines))).toEqual(["  a "]);
  });

  test("control bytes are no white space", () => {
    expect(texts(readContent("\0\n\u0001\n", lines))).toEqual(["\0", "\u0001"]);
  });

  test("a byte order mark is passed over at the start only", () => {
    const records = readContent("\uFEFFa\n\uFEFFb\n", lines);
    expect(records.map(({ offset, text }) => [offset, text])).toEqual([
      [3, "a"],
      [5, "\u00ef\u00bb\u00bfb"],
    ]);
  });

  test("half a byte order mark is content", () => {
    expect(texts(readContent(Buffer.from([0xef, 0xbb]), lines))).toEqual(["\u00ef\u00bb"]);
  });

  test("a line over the limit is a fault with its beginning, and the next line is read", () => {
    const records = readContent(`${"x".repeat(1000)}\nok\n`, {
      ...lines,
      recordBytesMax: 100,
      bufferBytes: 64,
    });
    expect(records).toEqual([
      { stream: "content", offset: 0, text: "x".repeat(100), reason: "too-long", bytesTotal: 1000 },
      { stream: "content", offset: 1001, text: "ok" },
    ]);
  });

  test("a line of exactly the limit is a record, with either line end", () => {
    const text = "x".repeat(100);
    for (const bufferBytes of [16, 101, 102, 4096]) {
      const records = readContent(`${text}\r\n${text}\n${text}`, {
        ...lines,
        recordBytesMax: 100,
        bufferBytes,
      });
      expect(outcomes(records)).toEqual([text, text, text]);
    }
  });

  test("white space over the limit is not taken for a blank line", () => {
    const content = `${" ".repeat(200)}x${" ".repeat(200)}\nok`;
    for (const bufferBytes of [16, 4096]) {
      const records = readContent(content, { ...lines, recordBytesMax: 100, bufferBytes });
      expect(outcomes(records)).toEqual([["too-long", " ".repeat(100)], "ok"]);
      expect(
        outcomes(readContent(`${" ".repeat(101)}\n`, { ...lines, recordBytesMax: 100, bufferBytes })),
      ).toHaveLength(1);
    }
  });

  test("more lines than fit into one chunk are all read", () => {
    const count = 20_000;
    expect(readContent("x\n".repeat(count), { ...lines, bufferBytes: 64 * 1024 })).toHaveLength(count);
  });

  test("any lines, line ends, limits and buffer sizes give the records that splitting the text gives", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "\t", "{", '"'), maxLength: 60 });
    const line = fc.record({ text, end: fc.constantFrom("\n", "\r\n") });
    const sizes = fc.record({
      recordBytesMax: fc.integer({ min: 4, max: 70 }),
      bufferBytes: fc.integer({ min: 1, max: 90 }),
    });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), sizes, (content, options) => {
        const records = readContent(content.map(({ text, end }) => text + end).join(""), {
          ...lines,
          ...options,
        });
        expect(outcomesAt(records)).toEqual(expectedOutcomes(content, options.recordBytesMax));
      }),
    );
  });
});

type Outcome = readonly [offset: number, text: string, bytesTotal?: number | undefined];

function outcomesAt(records: readonly SeenRecord[]): Outcome[] {
  return records.map(({ offset, text, bytesTotal }) => [offset, text, bytesTotal]);
}

function expectedOutcomes(
  content: readonly { text: string; end: string }[],
  recordBytesMax: number,
): Outcome[] {
  const outcomes: Outcome[] = [];
  let offset = 0;
  for (const { text, end } of content) {
    const isLong = text.length > recordBytesMax;
    if (isLong) outcomes.push([offset, text.slice(0, recordBytesMax), text.length]);
    else if (text.trim() !== "") outcomes.push([offset, text, undefined]);
    offset += text.length + end.length;
  }
  return outcomes;
}
