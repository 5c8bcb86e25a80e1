import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { outcomes, readContent, texts } from "../fixtures.ts";

const bufferSizes = [1, 2, 3, 7, 16, 4096];

/** The same for every size of the buffer, or the test fails. */
function read(content: string, options: Parameters<typeof readContent>[1] = {}) {
  const [first, ...others] = bufferSizes.map((bufferBytes) =>
    readContent(content, { ...options, bufferBytes }),
  );
  for (const other of others) expect(other).toEqual(first);
  return first ?? [];
}

describe("array", () => {
  const array = { format: "array" } as const;

  test("elements are records, at their offsets", () => {
    const records = read('[{"a":1}, [2] ,"x]",4,null]', array);
    expect(records.map(({ offset, text }) => [offset, text])).toEqual([
      [1, '{"a":1}'],
      [10, "[2]"],
      [15, '"x]"'],
      [20, "4"],
      [22, "null"],
    ]);
  });

  test("brackets and quotes in text are content", () => {
    const element = String.raw`{"a":"]}\"[{","b\\":"\\"}`;
    expect(outcomes(read(`[${element},${element}]`, array))).toEqual([element, element]);
  });

  test("an element whose brackets balance is passed on, whatever else is wrong with it", () => {
    expect(outcomes(read('[{"a":1],{a b},tru e,{"a" 1}]', array))).toEqual([
      '{"a":1]',
      "{a b}",
      "tru",
      "e",
      '{"a" 1}',
    ]);
  });

  test("commas too many or too few cost no record", () => {
    expect(outcomes(read('[,{"a":1}{"a":2},,3"x"{"a":4},]', array))).toEqual([
      '{"a":1}',
      '{"a":2}',
      "3",
      '"x"',
      '{"a":4}',
    ]);
  });

  test("an empty array has no records", () => {
    expect(read(" [ \n ] \n", array)).toEqual([]);
  });

  test("arrays one after another are all read", () => {
    expect(outcomes(read("[1]\n[2][3]", array))).toEqual(["1", "2", "3"]);
  });

  test("what stands behind an array is a fault, line by line", () => {
    expect(outcomes(read('[1] rest [2]\n{"a":3}\n[4]\nlast', array))).toEqual([
      "1",
      ["invalid-json", "rest [2]"],
      ["invalid-json", '{"a":3}'],
      "4",
      ["invalid-json", "last"],
    ]);
  });

  test("an array that does not end is a fault, with the unfinished element", () => {
    expect(outcomes(read('[1,{"a":[2', array))).toEqual(["1", ["truncated-input", '{"a":[2']]);
    expect(outcomes(read("[1,", array))).toEqual(["1", ["truncated-input", ""]]);
    expect(outcomes(read("[1,tr", array))).toEqual(["1", ["truncated-input", "tr"]]);
  });

  test("an element over the limit is a fault, and the next element is read", () => {
    const long = `{"a":"${"]".repeat(500)}"}`;
    expect(read(`[${long},{"b":1}]`, { ...array, recordBytesMax: 20 })).toEqual([
      { stream: "content", offset: 1, text: long.slice(0, 20), reason: "too-long", bytesTotal: long.length },
      { stream: "content", offset: 2 + long.length, text: '{"b":1}' },
    ]);
  });

  test("an element of exactly the limit is a record", () => {
    expect(outcomes(read('[{"a":12},{"a":123}]', { ...array, recordBytesMax: 8 }))).toEqual([
      '{"a":12}',
      ["too-long", '{"a":123'],
    ]);
  });

  test("depth costs nothing", () => {
    const deep = "[".repeat(5000) + "]".repeat(5000);
    expect(texts(read(`[${deep},1]`, array))).toEqual([deep, "1"]);
  });

  test("any values, white space and buffer sizes give the elements at their offsets", () => {
    const space = fc.string({ unit: fc.constantFrom(" ", "\n", "\t", "\r"), maxLength: 3 });
    const element = fc.record({ value: fc.json(), before: space, after: space });
    fc.assert(
      fc.property(fc.array(element), fc.integer({ min: 1, max: 50 }), (elements, bufferBytes) => {
        const expected: [number, string][] = [];
        let content = Buffer.from("[");
        for (const { value, before, after } of elements) {
          if (content.length > 1) content = Buffer.concat([content, Buffer.from(",")]);
          expected.push([content.length + before.length, Buffer.from(value).toString("latin1")]);
          content = Buffer.concat([content, Buffer.from(before + value + after)]);
        }
        const records = readContent(Buffer.concat([content, Buffer.from("]")]), { ...array, bufferBytes });
        expect(records.map(({ offset, text }) => [offset, text])).toEqual(expected);
      }),
    );
  });
});

describe("envelope", () => {
  const envelope = { format: "envelope", envelopeField: "events" } as const;

  test("the field's elements are records, wherever the field stands", () => {
    const content =
      '{"a":{"events":[0]},"b":"events","c":["events",[0]],"events" : [1,{"x":2}],"d":{"e":[3]}}';
    expect(outcomes(read(content, envelope))).toEqual(["1", '{"x":2}']);
  });

  test("Records is the field where none is named", () => {
    expect(outcomes(read('{"Records":[1,2]}', { format: "envelope" }))).toEqual(["1", "2"]);
  });

  test("envelopes one after another are all read", () => {
    expect(
      outcomes(read('{"events":[1]}\n{"events":[]}\n\n{"events":[2]} {"events":[3]}', envelope)),
    ).toEqual(["1", "2", "3"]);
  });

  test("two arrays in one envelope are both read", () => {
    expect(outcomes(read('{"events":[1],"events":[2]}', envelope))).toEqual(["1", "2"]);
  });

  test("an object without the array is a fault, and the next one is read", () => {
    const objects = [
      '{"event":[1]}',
      '{"events":{"a":[]}}',
      '{"x":"events","y":[1]}',
      '{"a":{"events":[1]}}',
      "{}",
    ];
    expect(outcomes(read(`${objects.join("\n")}{"events":[1]}`, envelope))).toEqual([
      ...objects.map((object) => ["no-envelope", object]),
      "1",
    ]);
  });

  test("names that only begin like the field, or hold escapes, are others", () => {
    const content = String.raw`{"event":[1],"eventss":[2],"ev\"ents":[3],"\events":[4],"events":[5]}`;
    expect(outcomes(read(content, envelope))).toEqual(["5"]);
  });

  test("fields before the array may be longer than a record", () => {
    const content = `{"a":"${"x".repeat(300)}","events":[{"b":1},{"b":2}]}{"events":[{"b":3}]}`;
    const records = read(content, { ...envelope, recordBytesMax: 30 });
    expect(records.map(({ offset, text }) => [content.indexOf(text) === offset, text])).toEqual([
      [true, '{"b":1}'],
      [true, '{"b":2}'],
      [true, '{"b":3}'],
    ]);
  });

  test("a long object without the array is a fault with its beginning", () => {
    const content = `{"a":"${"x".repeat(300)}"}`;
    expect(read(`${content}\n{"events":[1]}`, { ...envelope, recordBytesMax: 30 })).toEqual([
      {
        stream: "content",
        offset: 0,
        text: content.slice(0, 30),
        reason: "no-envelope",
        bytesTotal: content.length,
      },
      { stream: "content", offset: content.length + 12, text: "1" },
    ]);
  });

  test("what is no object is a fault, line by line", () => {
    expect(outcomes(read('{"events":[1]}]\n[2]\r\n{"events":[3]}', envelope))).toEqual([
      "1",
      ["invalid-json", "]"],
      ["invalid-json", "[2]\r"],
      "3",
    ]);
  });

  test.each([
    ['{"events":[1', ["1"]],
    ['{"events":[1]', [""]],
    ['{"events":[1],"a":"x', [""]],
    ['{"a":1', ['{"a":1']],
    ['{"a":1,"events"', ['{"a":1,"events"']],
  ])("%j ends too early", (content, partial) => {
    const faults = read(content, envelope).filter(({ reason }) => reason === "truncated-input");
    expect(texts(faults)).toEqual(partial);
  });
});

describe("documents", () => {
  const documents = { format: "documents" } as const;

  test("values one after another are records, over any number of lines", () => {
    const first = '{\n  "a": "}",\n  "b": [1,\n 2]\n}';
    expect(outcomes(read(`${first}\n${first}${first}\n[1]\n`, documents))).toEqual([
      first,
      first,
      first,
      "[1]",
    ]);
  });

  test("a line that begins no object or array is passed on for the parser to reject", () => {
    expect(outcomes(read('{}\n12 {}\n"a"\n,\n{}', documents))).toEqual(["{}", "12 {}", '"a"', ",", "{}"]);
  });

  test("a value that does not end is a fault", () => {
    expect(outcomes(read('{"a":1}\n{"a":', documents))).toEqual(['{"a":1}', ["truncated-input", '{"a":']]);
  });

  test("pretty-printed values give the same values", () => {
    fc.assert(
      fc.property(
        fc.array(fc.object(), { minLength: 1 }),
        fc.integer({ min: 1, max: 80 }),
        (values, bufferBytes) => {
          const printed = values.map((value) => JSON.stringify(value, undefined, 2));
          const records = readContent(printed.join("\n"), { ...documents, bufferBytes });
          expect(texts(records)).toEqual(printed.map((text) => Buffer.from(text).toString("latin1")));
        },
      ),
    );
  });
});

describe("format told by the first bytes", () => {
  test.each(["\uFEFF", "\n \r\n\n", "  ", ""])("behind %j", (before) => {
    expect(outcomes(read(`${before}[{"a":1}]`))).toEqual(['{"a":1}']);
    expect(outcomes(read(`${before}{"Records":[{"a":1}]}`))).toEqual(['{"a":1}']);
    expect(outcomes(read(`${before}{\n"a":1}{\n}`))).toEqual(['{\n"a":1}', "{\n}"]);
  });

  test("behind more blank lines than are looked at", () => {
    expect(outcomes(read(`${"\n".repeat(3000)}[{"a":1}]`))).toEqual(['{"a":1}']);
  });

  test("with a limit smaller than what is looked at", () => {
    expect(outcomes(read('{"Records":[1,2]}', { recordBytesMax: 20 }))).toEqual(["1", "2"]);
  });
});

test("arbitrary bytes in any format are neither lost nor made up, and reading ends", () => {
  const bytes = fc.string({ unit: fc.constantFrom(...Array.from('{}[]",:\\ \nRecords1')), maxLength: 200 });
  const format = fc.constantFrom("lines", "array", "envelope", "documents", "auto");
  fc.assert(
    fc.property(bytes, format, fc.integer({ min: 1, max: 60 }), (content, format, bufferBytes) => {
      const records = readContent(content, { format, bufferBytes, recordBytesMax: 32 });
      expect(records).toEqual(readContent(content, { format, bufferBytes: 4096, recordBytesMax: 32 }));
      for (const { offset, text } of records) expect(content.slice(offset, offset + text.length)).toBe(text);
      // Outside of records there is only what separates them, or what an envelope has besides its array.
      const rest = withoutRecords(content, records);
      const hasOtherFields = format === "envelope" || format === "auto";
      expect(hasOtherFields ? "" : rest).toMatch(/^[[\],\s]*$/);
    }),
    { numRuns: 1000 },
  );
});

function withoutRecords(content: string, records: ReturnType<typeof readContent>): string {
  let rest = "";
  let from = 0;
  for (const { offset, text, bytesTotal } of records) {
    rest += content.slice(from, offset);
    from = offset + (bytesTotal ?? text.length);
  }
  return rest + content.slice(from);
}
