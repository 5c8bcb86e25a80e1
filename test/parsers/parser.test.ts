import { describe, expect, test } from "vitest";

import { StakeoutError } from "../../src/core/errors.ts";
import { deadLetterReasons } from "../../src/core/record.ts";
import { cloudTrail, deadLetterOf, eventOf, makeChunk, makeParser, parseAll, parseOne } from "./fixtures.ts";

const valid = JSON.stringify(cloudTrail());

/** An event of `levels` nested objects and arrays, the event itself included. */
function nested(levels: number, open: "{" | "["): string {
  const inner = levels - 1;
  const value =
    open === "["
      ? "[".repeat(inner) + "]".repeat(inner)
      : '{"a":'.repeat(inner - 1) + "{}" + "}".repeat(inner - 1);
  return valid.replace(/\}$/, `,"deep":${value}}`);
}

function makeMisspelt(): unknown {
  return makeParser({ logType: "AWS.Cloudtrail" });
}

describe("dead letters", () => {
  test.each(deadLetterReasons)("a fault of the source with reason %s passes through", (reason) => {
    const fault = { reason, message: "The source says so.", bytesTotal: 99_999 };
    const letter = deadLetterOf("half of it", { faults: new Map([[0, fault]]), baseOffset: 500 });
    expect(letter).toMatchObject({
      ...fault,
      position: { source: "files", stream: "/logs/a.json", offset: 500 },
    });
    expect(letter.bytes.toString()).toBe("half of it");
  });

  test("broken JSON says where", () => {
    const letter = deadLetterOf('{"a": 1 "b": 2}');
    expect(letter.reason).toBe("invalid-json");
    expect(letter.message).toContain("at byte 8 of the record");
  });

  test("the place of broken JSON counts bytes, not characters", () => {
    expect(deadLetterOf('{"é": 1 "b": 2}').message).toContain("at byte 9 of the record");
  });

  test.each(["{", '{"a"', '{"a": 1}}', '{"a": 1} {"b": 2}', '{"a": NaN}', "[1,", '"half', "{'a': 1}"])(
    "%s is broken JSON",
    (record) => {
      expect(deadLetterOf(record).reason).toBe("invalid-json");
    },
  );

  test.each(["null", "true", "42", "-1.5e3", '"text"', "[]", '[{"a": 1}]', "  7  "])(
    "%s is not an object",
    (record) => {
      expect(deadLetterOf(record).reason).toBe("not-an-object");
    },
  );

  test("bytes that are not UTF-8, and only the record that has them", () => {
    const broken = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    const [before, letter, after] = parseAll([valid, broken, valid]);
    expect(before?.kind).toBe("event");
    expect(letter).toMatchObject({ kind: "dead-letter", reason: "invalid-utf8" });
    expect(after?.kind).toBe("event");
  });

  test.each([undefined, "/var/log/app.log"])("of the file %s", (file) => {
    const parser = makeParser();
    parser.begin({ ...makeChunk(["broken"]), file });
    expect(parser.parse(0)).toMatchObject({ kind: "dead-letter", file });
  });

  test("a character cut in two", () => {
    expect(deadLetterOf(Buffer.from('{"a":"é').subarray(0, -1)).reason).toBe("invalid-utf8");
  });

  test.each(['{"a":"\0"}', '\0{"a":1}', '{"a":1}\0', "\0\0\0", "text \0 text"])(
    "a raw NUL byte in %j",
    (record) => {
      expect(deadLetterOf(record).reason).toBe("nul-byte");
    },
  );

  test("UTF-16 is named as the likely cause of NUL bytes", () => {
    expect(deadLetterOf(Buffer.from('{"a":1}', "utf16le")).message).toContain("UTF-16");
  });

  test("a record over the limit, its bytes cut to it", () => {
    const letter = deadLetterOf(valid, { limits: { recordBytesMax: 100 } });
    expect(letter).toMatchObject({ reason: "too-long", bytesTotal: valid.length });
    expect(letter.bytes.toString()).toBe(valid.slice(0, 100));
  });

  test("a record of exactly the limit is an event", () => {
    expect(parseOne(valid, { limits: { recordBytesMax: valid.length } })?.kind).toBe("event");
  });

  test.each(["{", "["] as const)(
    "nesting of %s up to the limit is accepted, one level more is too deep",
    (open) => {
      expect(parseOne(nested(200, open))?.kind).toBe("event");
      expect(deadLetterOf(nested(201, open)).reason).toBe("too-deep");
    },
  );

  test("nesting that would exhaust any stack", () => {
    expect(deadLetterOf(nested(1_000_000, "[")).reason).toBe("too-deep");
  });

  test("JSON that nobody recognises advises --log-type", () => {
    const letter = deadLetterOf('{"colour":"blue"}');
    expect(letter.reason).toBe("unknown-log-type");
    expect(letter.message).toContain('"colour"');
    expect(letter.message).toContain("--log-type");
  });

  test("text that fits no pattern names the log types that were tried", () => {
    const letter = deadLetterOf("hello world");
    expect(letter.reason).toBe("pattern-mismatch");
    expect(letter.message).toContain("AWS.VPCFlow, AWS.S3ServerAccess, Nginx.Access");
  });

  test("text that does not fit the forced log type", () => {
    const letter = deadLetterOf("hello world", { logType: "Nginx.Access" });
    expect(letter).toMatchObject({ reason: "pattern-mismatch" });
    expect(letter.message).toContain("Nginx.Access");
  });

  test("a captured value that is not of its declared type", () => {
    const record = '192.0.2.7 - - [31/Feb/2024:06:07:08 +0000] "GET / HTTP/1.1" 200 5 "-" "-"';
    const letter = deadLetterOf(record, { logType: "Nginx.Access" });
    expect(letter.reason).toBe("pattern-mismatch");
    expect(letter.message).toContain("31/Feb/2024");
  });

  test("text where the forced log type is JSON only", () => {
    expect(deadLetterOf("hello world", { logType: "Okta.SystemLog" }).reason).toBe("invalid-json");
  });

  test("carries the original bytes and the position", () => {
    const [, letter] = parseAll([valid, "{oops"], { source: "s", stream: "t", baseOffset: 1000 });
    if (letter?.kind !== "dead-letter") throw new Error("no dead letter");
    expect(letter.bytes.toString()).toBe("{oops");
    expect(letter.bytesTotal).toBe(5);
    expect(letter.position).toEqual({ source: "s", stream: "t", offset: 1000 + valid.length + 1 });
  });
});

describe("accepted", () => {
  test("a byte order mark", () => {
    expect(eventOf(`\ufeff${valid}`).fields).toEqual(cloudTrail());
  });

  test("what is left of CRLF line ends", () => {
    expect(eventOf(`${valid}\r`).fields).toEqual(cloudTrail());
    expect(
      eventOf('192.0.2.7 - - [05/Mar/2024:06:07:08 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"\r').logType,
    ).toBe("Nginx.Access");
  });

  test.each(["", "   ", "\r", "\t \r", "\ufeff"])("a blank line %j is no record", (record) => {
    expect(parseOne(record)).toBeUndefined();
  });

  test("white space around the record", () => {
    expect(eventOf(`  ${valid} `).fields).toEqual(cloudTrail());
  });

  test("an escaped NUL inside a text", () => {
    expect(eventOf(valid.replace("GetObject", "Get\\u0000Object")).fields["eventName"]).toBe("Get\0Object");
  });

  test("__proto__ and constructor as field names, which reach no prototype", () => {
    const hostile =
      '"__proto__":{"polluted":true,"p_log_type":"x"},"constructor":{"prototype":{"polluted":true}}';
    const { fields } = eventOf(valid.replace(/\}$/, `,${hostile}}`));
    expect(Object.hasOwn(fields, "__proto__")).toBe(true);
    expect(Object.hasOwn(fields, "constructor")).toBe(true);
    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("a record that is nothing but hostile field names is not recognised by what it inherits", () => {
    expect(deadLetterOf('{"__proto__":{"eventName":"a","eventSource":"s3.amazonaws.com"}}').reason).toBe(
      "unknown-log-type",
    );
  });

  test("duplicate keys, of which the last wins", () => {
    expect(eventOf(valid.replace(/\}$/, ',"eventName":"Last"}')).fields["eventName"]).toBe("Last");
  });

  test("integers beyond 2^53, as the nearest number", () => {
    expect(eventOf(valid.replace(/\}$/, ',"big":9007199254740993}')).fields["big"]).toBe(9007199254740992);
  });

  test.each([undefined, null, 7, "", "yesterday", "2024-02-30T00:00:00Z", {}])(
    "an event time of %j",
    (eventTime) => {
      const event = eventOf(JSON.stringify(cloudTrail({ eventTime: eventTime ?? null })));
      expect(event.timeMs).toBeUndefined();
    },
  );

  test("characters beyond ASCII beside records without", () => {
    const [first, second] = parseAll([JSON.stringify(cloudTrail({ user: "Zoë 🦊" })), valid]);
    expect(first).toMatchObject({ kind: "event", fields: { user: "Zoë 🦊" } });
    expect(second).toMatchObject({ kind: "event", fields: cloudTrail() });
  });
});

describe("chunks", () => {
  test("records may be anywhere in the buffer, in any order, with other bytes between them", () => {
    const bytes = Buffer.from(`\xff junk ${valid}, ${valid} junk`, "latin1");
    const first = bytes.indexOf("{");
    const second = bytes.indexOf("{", first + 1);
    const parser = makeParser();
    parser.begin({
      ...makeChunk([]),
      bytes,
      count: 2,
      starts: Uint32Array.of(second, first),
      ends: Uint32Array.of(second + valid.length, first + valid.length),
    });
    expect(parser.parse(0)).toMatchObject({ kind: "event", position: { offset: second } });
    expect(parser.parse(1)).toMatchObject({ kind: "event", position: { offset: first } });
  });

  test("a fault without bytes does not disturb the records around it", () => {
    const faults = new Map([
      [1, { reason: "truncated-input", message: "It ends here.", bytesTotal: 0 } as const],
    ]);
    const chunk = makeChunk([valid, "", valid], { faults });
    chunk.starts[1] = 0;
    chunk.ends[1] = 0;
    const parser = makeParser();
    parser.begin(chunk);
    expect([0, 1, 2].map((index) => parser.parse(index)?.kind)).toEqual(["event", "dead-letter", "event"]);
  });

  test("records can be parsed again and in any order", () => {
    const parser = makeParser();
    parser.begin(makeChunk([valid, valid.replace("GetObject", "PutObject")]));
    expect(parser.parse(1)).toEqual(parser.parse(1));
    expect(parser.parse(0)).toMatchObject({ fields: { eventName: "GetObject" } });
  });
});

describe("the log type", () => {
  test("is the forced one, whatever the record says", () => {
    const record = cloudTrail({ p_log_type: "Okta.SystemLog", published: "2020-01-02T03:04:05Z" });
    expect(eventOf(record, { logType: "GSuite.Reports" }).logType).toBe("GSuite.Reports");
  });

  test("is the record's own p_log_type before recognition, with that log type's time", () => {
    const record = cloudTrail({ p_log_type: "Okta.SystemLog", published: "2020-01-02T03:04:05Z" });
    expect(eventOf(record)).toMatchObject({
      logType: "Okta.SystemLog",
      timeMs: Date.UTC(2020, 0, 2, 3, 4, 5),
    });
  });

  test("may be one that nobody knows when the record names it, with the time of p_event_time", () => {
    const record = { p_log_type: "Acme.Unheard", p_event_time: "2024-03-05 06:07:08.123456789" };
    expect(eventOf(record)).toMatchObject({
      logType: "Acme.Unheard",
      timeMs: Date.UTC(2024, 2, 5, 6, 7, 8, 123),
    });
  });

  test.each([null, 5, "", {}])("is recognised when p_log_type is %j", (named) => {
    expect(eventOf(cloudTrail({ p_log_type: named })).logType).toBe("AWS.CloudTrail");
  });

  test("can differ from record to record", () => {
    const records = [
      valid,
      '{"kind":"admin#reports#activity","id":{"time":"2024-03-05T06:07:08Z"}}',
      '192.0.2.7 - - [05/Mar/2024:06:07:08 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"',
    ];
    expect(parseAll(records).map((parsed) => (parsed?.kind === "event" ? parsed.logType : ""))).toEqual([
      "AWS.CloudTrail",
      "GSuite.Reports",
      "Nginx.Access",
    ]);
  });

  test("that is forced must exist", () => {
    expect(makeMisspelt).toThrow(StakeoutError);
    expect(makeMisspelt).toThrow(expect.objectContaining({ code: "USAGE" }));
    expect(makeMisspelt).toThrow("AWS.CloudTrail, ");
  });

  test("forced for text that looks like JSON still takes real JSON", () => {
    expect(eventOf('{"remoteAddr":"192.0.2.7"}', { logType: "Nginx.Access" }).fields).toEqual({
      remoteAddr: "192.0.2.7",
    });
  });
});
