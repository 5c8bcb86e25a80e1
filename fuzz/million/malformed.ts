import type { DeadLetterReason } from "../../src/core/record.ts";
import type { Chance } from "../../sim/chance.ts";

/** Limits of the run: small, so that records beyond them are not large. */
export const recordBytesMax = 2048;
export const nestingMax = 40;

/** A line, and why it is no event; `undefined` for one that is. */
export interface Line {
  readonly bytes: Buffer;
  readonly reason: DeadLetterReason | undefined;
}

/** A record that becomes an event; a rule finds `number` in it again. */
export function goodRecord(number: number): string {
  return `{"eventName":"GetObject","eventSource":"s3.amazonaws.com","eventTime":"2026-01-01T00:00:00Z","number":${number},"text":"\u00E9 \\u0000 \\"}{"}`;
}

type Make = (chance: Chance) => string | Buffer;

function cut(text: string, chance: Chance): string {
  return text.slice(0, 1 + chance.below(text.length - 1));
}

const invalidJson: readonly [Make, ...Make[]] = [
  (chance) => cut(goodRecord(chance.below(1000)), chance),
  (chance) => `${goodRecord(chance.below(1000))}${chance.pick(["}", "{}", ",", "x", '"', "[1]"])}`,
  () => "{'single': 1}",
  () => '{"a":1,}',
  () => '{"a":NaN}',
  () => '{"a":01}',
  () => '{"a":"\t"}',
  () => '{"a":"\\x41"}',
  () => '{"a":"\\ud83',
  () => '["a", "b"',
  () => '"no end',
  () => `{"a":${"[".repeat(900)}`,
];

/** Of every reason that one line can have by itself, some ways to come to it. */
const malformed: Readonly<Partial<Record<DeadLetterReason, readonly [Make, ...Make[]]>>> = {
  "invalid-json": invalidJson,
  "not-an-object": [
    () => "[1,2]",
    () => '"text"',
    () => "42",
    () => "null",
    () => "true",
    () => "-1.5e300",
    () => "[{}]",
  ],
  "invalid-utf8": [
    (chance) => insert(goodRecord(1), Buffer.of(0xff), chance),
    (chance) => insert(goodRecord(1), Buffer.from([0xc0, 0xaf]), chance),
    (chance) => insert(goodRecord(1), Buffer.from([0xed, 0xa0, 0x80]), chance),
    () => Buffer.from("text \xe9 in another encoding", "latin1"),
    () => Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xe2, 0x82)]),
  ],
  "nul-byte": [
    () => '{"a":"\0"}',
    () => "{\0}",
    () => "a\0b",
    () => Buffer.from('{"a":1}', "utf16le").subarray(0, -1),
    () => `${goodRecord(1)}\0`,
  ],
  "too-long": [
    (chance) => `{"a":"${"x".repeat(recordBytesMax - 7 + chance.below(64))}"}`,
    (chance) => "\u00E9".repeat(recordBytesMax / 2 + 1 + chance.below(64)),
    (chance) => "{".repeat(recordBytesMax + 1 + chance.below(64)),
  ],
  "too-deep": [
    () => `{"a":${"[".repeat(nestingMax)}${"]".repeat(nestingMax)}}`,
    (chance) => {
      const levels = nestingMax + 1 + chance.below(100);
      return `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
    },
  ],
  "pattern-mismatch": [
    () => "no log type",
    () => '192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 2000 5 "-" "curl"',
    () => '192.0.2.1 - - [32/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"',
    () => "2 123456789012 eni-0a 192.0.2.1 192.0.2.2 1 2 6 1 40 1767225600 1767225660 PERHAPS OK",
    () => "<xml/>",
    () => "nul",
    () => `- ${"a ".repeat(500)}`,
  ],
  "unknown-log-type": [
    () => "{}",
    () => '{"eventName":"GetObject"}',
    () => '{"p_log_type":5}',
    () => '{"p_log_type":""}',
    () => '{"__proto__":{"eventName":"a","eventSource":"s3.amazonaws.com"}}',
    () => '{"constructor":{"prototype":1},"toString":2}',
  ],
};

/** Reasons that single lines can have. */
const lineReasons: readonly DeadLetterReason[] = Object.keys(malformed) as DeadLetterReason[];

/** A malformed line. Long ones are rare. */
export function malformedLine(chance: Chance): Line {
  const [first = "invalid-json", ...others] = lineReasons;
  const picked = chance.pick([first, ...others]);
  const reason = picked === "too-long" && !chance.happens(0.2) ? first : picked;
  const make = chance.pick(malformed[reason] ?? invalidJson);
  return { bytes: Buffer.from(make(chance)), reason };
}

/** Puts bytes into a text, behind its first character. */
function insert(text: string, bytes: Buffer, chance: Chance): Buffer {
  const at = 1 + chance.below(text.length - 1);
  return Buffer.concat([Buffer.from(text.slice(0, at)), bytes, Buffer.from(text.slice(at))]);
}
