import { isDeepStrictEqual } from "node:util";
import { gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";

import { isThenable } from "../../src/core/json.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { deadLetterReasons, type RecordChunk } from "../../src/core/record.ts";
import { loadLogTypes } from "../../src/parsers/log-types.ts";
import { createParser, type Parser } from "../../src/parsers/parser.ts";
import {
  DecompressionError,
  Decompressor,
  detectCompression,
  magicBytesMax,
} from "../../src/sources/records/decompress.ts";
import { formats } from "../../src/sources/records/format.ts";
import { RecordReader } from "../../src/sources/records/reader.ts";
import { RecordWindow } from "../../src/sources/records/window.ts";
import { check, type Target } from "./target.ts";

const { logTypes } = loadLogTypes([]);
const recordBytesMax = 256;
const nestingMax = 20;

const cloudTrail =
  '{"eventName":"GetObject","eventSource":"s3.amazonaws.com","eventTime":"2026-01-01T00:00:00Z","sourceIPAddress":"192.0.2.1"}';
const nginx = '192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"';
const flow = "2 123456789012 eni-0a 192.0.2.1 192.0.2.2 1 2 6 1 40 1767225600 1767225660 ACCEPT OK";

const words = [
  ...`{ } [ ] " \\ , : \n \r\n \0 \uFEFF null true 1e400`.split(" "),
  " ",
  ...`"Records":[ "p_log_type":"Nginx.Access" "p_event_time": "__proto__":{"a":1} "constructor": -`.split(
    " ",
  ),
  ...`{"eventName": \\u0000 \\ud800 9007199254740993 0x1 NaN`.split(" "),
  "[".repeat(40),
  '{"a":'.repeat(30),
];

const ordinary = [
  `${cloudTrail}\n${cloudTrail}\n`,
  `[${cloudTrail}, ${cloudTrail}]`,
  `{"Records": [${cloudTrail}, {"a": "\\"]}"}], "more": {"x": [1]}}`,
  `[{"a":"${'\\"]'.repeat(20)}"},{"b":"${"\\\\\\\\}".repeat(20)}"},5 ,"x"]`,
  `{\n  "eventName": "a",\n  "b": [1, 2]\n}\n[3]`,
  `${nginx}\n${flow}\nversion account-id\n`,
  '{"p_log_type":"Acme.Own","p_event_time":"2026-01-01 00:00:00.000000000","__proto__":{"polluted":true}}',
];

/** A record as it is handed out. */
interface Seen {
  readonly offset: number;
  readonly bytes: string;
  readonly reason: string | undefined;
}

/**
 * The first byte chooses how the rest is split. Each record must lie in the content behind the one before it, become an
 * event, a dead letter or nothing, and be the same one however many bytes are read at once.
 */
export const records: Target = {
  seeds: ordinary.flatMap((text) => [0, 1, 2, 3, 4].map((choice) => String.fromCodePoint(choice) + text)),
  words,
  run(bytes) {
    const format = ["auto" as const, ...formats][(bytes[0] ?? 0) % 5] ?? "auto";
    const content = bytes.subarray(1);
    const split = [3, 61, 4096].map((bufferBytes) => splitAll(content, format, bufferBytes));
    const [first, second, third] = split;
    const agree = isDeepStrictEqual(first, second) && isDeepStrictEqual(second, third);
    check(agree, "records depend on how many bytes are read at once");
  },
};

function splitAll(content: Buffer, format: "auto" | (typeof formats)[number], bufferBytes: number): Seen[] {
  const window = new RecordWindow({ recordBytesMax, bufferBytes });
  const reader = new RecordReader({
    source: "fuzz",
    stream: "content",
    input: inMemory(content),
    format,
    envelopeField: undefined,
    window,
    resume: undefined,
    positionAt: (cursor) => ({ ...cursor }),
  });
  const parser = parserFor();
  const seen: Seen[] = [];
  let last = -1;
  for (let chunk = reader.next(); chunk !== undefined; chunk = reader.next()) {
    check(!isThenable(chunk), "bytes in memory make the reader wait");
    check(chunk.count > 0, "a chunk has no records");
    parser.begin(chunk);
    for (let index = 0; index < chunk.count; index++) {
      const record = recordOf(chunk, index);
      check(record.offset > last && record.offset <= content.length, "a record lies outside its place");
      last = record.offset;
      seen.push(record);
      checkParsed(parser, index);
    }
    check(JSON.stringify(chunk.positionAfter(chunk.count)) !== "", "there is no position");
  }
  // The text that a format is recognised by fits in besides what one record may take.
  check(window.bytes.length <= recordBytesMax + bufferBytes + 2048, "the window has grown beyond its bound");
  return seen;
}

function inMemory(content: Buffer): { ended: boolean; failure: undefined; read(target: Buffer): number } {
  let offset = 0;
  const input = {
    ended: content.length === 0,
    failure: undefined,
    read(target: Buffer): number {
      const copied = content.copy(target, 0, offset);
      offset += copied;
      input.ended = offset === content.length;
      return copied;
    },
  };
  return input;
}

function recordOf(chunk: RecordChunk, index: number): Seen {
  const start = chunk.starts[index] ?? 0;
  const end = chunk.ends[index] ?? 0;
  check(start <= end && end <= chunk.bytes.length, "a record lies outside its chunk");
  return {
    offset: chunk.baseOffset + start,
    bytes: chunk.bytes.toString("latin1", start, end),
    reason: chunk.faults?.get(index)?.reason,
  };
}

function parserFor(logType?: string): Parser {
  const limits = { ...defaultLimits, recordBytesMax, nestingMax };
  return createParser({
    logTypes,
    limits,
    sourceLabel: "fuzz",
    ...(logType === undefined ? {} : { logType }),
  });
}

/** Whatever the record is, it has an answer that can be written down. */
function checkParsed(parser: Parser, index: number): void {
  const parsed = parser.parse(index);
  if (parsed === undefined) return;
  if (parsed.kind === "dead-letter") {
    check(deadLetterReasons.includes(parsed.reason) && parsed.message !== "", "a dead letter has no reason");
    check(parsed.bytes.length <= recordBytesMax, "a dead letter is longer than a record may be");
    return;
  }
  const { timeMs, fields } = parsed;
  check(timeMs === undefined || !Number.isNaN(new Date(timeMs).getTime()), "an event has an impossible time");
  const before = JSON.stringify(fields);
  const alertEvent = JSON.stringify(parser.toAlertEvent(parsed, 0));
  check(alertEvent.includes('"p_row_id"'), "an alert's event has no standard fields");
  parser.attachStandardFields(parsed, 0);
  check(JSON.stringify(fields) === before, "standard fields change what an event has itself");
}

/** One line as each log type for text reads it. */
export const textRecords: Target = {
  seeds: [
    nginx,
    flow,
    cloudTrail,
    "- - - -",
    `${"a".repeat(64)} b [c] d e f g h "i" 200 - - - - - "-" "-" -`,
  ],
  words: ["-", '"', "[", "]", " ", "200", "+0000", "31/Dec/9999:23:59:60 +2359", "eni-", "0", "\u00E9", "\0"],
  run(bytes) {
    const chunk: RecordChunk = {
      source: "fuzz",
      stream: "line",
      bytes,
      count: 1,
      starts: Uint32Array.of(0),
      ends: Uint32Array.of(bytes.length),
      baseOffset: 0,
      faults: undefined,
      positionAfter: () => ({}),
    };
    for (const logType of ["Nginx.Access", "AWS.VPCFlow", "AWS.S3ServerAccess", "Okta.SystemLog"]) {
      const parser = parserFor(logType);
      parser.begin(chunk);
      checkParsed(parser, 0);
    }
  },
};

const twoMembers = Buffer.concat([gzipSync(nginx), gzipSync(flow)]);
const twoFrames = Buffer.concat([zstdCompressSync(nginx), zstdCompressSync(flow)]);

/** Nothing that is compressed gives more than a megabyte here: what a bomb does is a test of its own. */
const outputBytesMax = 1024 * 1024;

/** Compressed bytes end, or end with what is wrong with them; and they do so wherever they are cut into pieces. */
export const compressed: Target = {
  seeds: [
    gzipSync(ordinary.join("")),
    zstdCompressSync(ordinary.join("")),
    twoMembers,
    twoFrames,
    gzipSync(""),
  ],
  words: ["\x1f\x8b\x08", "\x28\xb5\x2f\xfd", "\0\0\0\0", "\xff\xff", "\x50\x2a\x4d\x18"],
  async run(bytes) {
    const compression = detectCompression(bytes.subarray(0, magicBytesMax));
    if (compression === "none") return;
    const whole = await decompressed(bytes, compression, bytes.length);
    const byPiece = await decompressed(bytes, compression, 7);
    if (whole.reason === undefined && byPiece.reason === undefined) {
      check(whole.output.equals(byPiece.output), "what is decompressed depends on the pieces");
      const members = compression === "gzip" ? ordinarilyDecompressed(bytes) : whole.output;
      check(
        whole.output.subarray(0, members.length).equals(members),
        "what is decompressed is not all there is",
      );
    } else {
      check(
        (whole.reason === undefined) === (byPiece.reason === undefined),
        "whether it fails depends on the pieces",
      );
    }
  },
};

/** What Node makes of it, which stops where something else than a member follows one. */
function ordinarilyDecompressed(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: outputBytesMax });
  } catch {
    return Buffer.alloc(0);
  }
}

async function decompressed(
  bytes: Buffer,
  compression: "gzip" | "zstd",
  pieceBytes: number,
): Promise<{ readonly output: Buffer; readonly reason: string | undefined }> {
  let at = 0;
  const decompressor = new Decompressor(compression, () => {
    const piece = bytes.subarray(at, at + pieceBytes);
    at += pieceBytes;
    return piece.length === 0 ? undefined : piece;
  });
  const outputs: Buffer[] = [];
  let length = 0;
  try {
    for (let output = await decompressor.read(); output !== undefined; output = await decompressor.read()) {
      length += output.length;
      if (length <= outputBytesMax) outputs.push(Buffer.from(output));
    }
  } catch (error) {
    if (!(error instanceof DecompressionError)) throw error;
    return { output: Buffer.concat(outputs), reason: error.failure.reason };
  } finally {
    decompressor.close();
  }
  return { output: Buffer.concat(outputs), reason: undefined };
}
