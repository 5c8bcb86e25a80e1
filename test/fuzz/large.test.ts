import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";

import { describe, expect, onTestFinished, test } from "vitest";

import { importStateCommand } from "../../src/cli/state-transfer.ts";
import { readPantherContent } from "../../src/rules/panther/read-content.ts";
import { loadLogTypes } from "../../src/parsers/log-types.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { makeParser, parseOne } from "../parsers/fixtures.ts";
import { fileSource, Reading } from "../sources/fixtures.ts";

/*
 * Nothing here measures a time: what takes longer than in proportion to the size of its input would take days, and the runner
 * ends it.
 */

const mebibyte = 1024 * 1024;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "stakeout-large-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe("a bomb", () => {
  test.each([
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ])("of %s is one dead letter, in little memory", async (_, compress) => {
    const member = compress(Buffer.alloc(16 * mebibyte, "a"));
    const file = join(folder(), "bomb");
    writeFileSync(file, Buffer.concat(Array.from({ length: 32 }, () => member)));
    const beforeKb = process.resourceUsage().maxRSS;
    const records = await new Reading().run(fileSource({ paths: [file] }));
    const grownMb = (process.resourceUsage().maxRSS - beforeKb) / 1024;
    expect(records.map(({ reason, bytesTotal }) => [reason, bytesTotal])).toEqual([
      ["too-long", 512 * mebibyte],
    ]);
    expect(grownMb).toBeLessThan(128);
  });
});

const address = "192.0.2.1";
const owner = "a".repeat(64);
/** Beginnings of lines of text, and what is repeated behind them: each is nearly what a pattern looks for. */
const repeated = [
  ["", "a"],
  ["", " "],
  ["", "a "],
  ["", "- "],
  ["", "a - a ["],
  ["", '"'],
  [`${address} - `, "a "],
  [`${address} - a [a] "`, 'a" '],
  [`${address} - a [a] "a" 200 5 "`, '" "'],
  [`${owner} a [a] `, "a "],
  [`${owner} a [a] a a a a a "`, '" 200 '],
  [`${owner} a [a] a a a a a "a" 200 - - - - - "-" "-" -`, " a"],
  ["2 unknown eni-", "a 1 "],
  ["2 unknown eni-a a a 1 1 1 1 1 ", "1"],
] as const;

describe("a record of four million bytes", () => {
  test.each(repeated)(
    "of %j and then %j again and again is read in proportion to its length",
    (start, piece) => {
      const line = start + piece.repeat((4 * mebibyte - start.length) / piece.length);
      for (const logType of ["Nginx.Access", "AWS.VPCFlow", "AWS.S3ServerAccess"]) {
        expect(["event", "dead-letter", undefined]).toContain(parseOne(line, { logType })?.kind);
      }
      expect(["event", "dead-letter", undefined]).toContain(parseOne(line)?.kind);
    },
  );

  test.each([
    ['{"a":', "", "invalid-json"],
    ["[", "", "invalid-json"],
    ['{"a":[', "", "invalid-json"],
    ["{", "", "invalid-json"],
    ["[", "]", "not-an-object"],
    ['{"a":', "1}", "too-deep"],
  ])("that nests as %j is a dead letter", (open, close, reason) => {
    const levels = (4 * mebibyte) / (open.length + close.length) - 8;
    const inner = close === "" ? "" : close.slice(0, -1);
    const text = open.repeat(levels) + inner + close.slice(-1).repeat(close === "" ? 0 : levels);
    expect(parseOne(text)).toMatchObject({ kind: "dead-letter", reason });
  });

  test.each(["a", "a.", "a@", " ", "1", "arn:", "i-0", "xn--", "\u00e9.", ":", "a-"])(
    "has its indicators found in a text of %j again and again",
    (piece) => {
      const text = piece.repeat((3 * mebibyte) / piece.length);
      const record = {
        eventName: "a",
        eventSource: "s3.amazonaws.com",
        eventTime: text,
        sourceIPAddress: text,
        userIdentity: { userName: text, arn: `arn:${text}`, accountId: text },
      };
      const parsed = parseOne(JSON.stringify(record), { limits: { recordBytesMax: 64 * mebibyte } });
      if (parsed?.kind !== "event") throw new Error("no event");
      expect(makeParser().toAlertEvent(parsed, 0)).toHaveProperty("p_row_id");
    },
  );
});

describe("a file of settings", () => {
  test("that is too large is a problem", () => {
    const file = join(folder(), "large.yaml");
    writeFileSync(file, "#".repeat(65_537));
    expect(loadLogTypes([file]).problems).toEqual([
      { file, line: 0, message: expect.stringContaining("65537 bytes, more than the 65536") },
    ]);
  });

  test("that nests too deeply has one problem, and one with many faults as many as can be read", () => {
    const path = folder();
    writeFileSync(join(path, "deep.yaml"), "[".repeat(60_000));
    writeFileSync(
      join(path, "many.yaml"),
      Array.from({ length: 1000 }, (_, index) => `k${index}: 1\n`).join(""),
    );
    const { problems } = loadLogTypes([path]);
    expect(problems.filter(({ file }) => file.endsWith("deep.yaml"))).toEqual([
      expect.objectContaining({ message: "The file is nested too deeply." }),
    ]);
    expect(problems.filter(({ file }) => file.endsWith("many.yaml"))).toHaveLength(101);
  });
});

test("a row of a lookup table that nests too deeply is a problem", () => {
  const path = folder();
  writeFileSync(join(path, "rows.json"), `[{"a":${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}}]`);
  writeFileSync(
    join(path, "table.yml"),
    "AnalysisType: lookup_table\nLookupName: A\nEnabled: true\nFilename: rows.json\nLogTypeMap: {PrimaryKey: a}\n",
  );
  const { problems } = readPantherContent([path], { tests: false, ignoreExtraKeys: false });
  expect(problems.map(({ message }) => message)).toEqual([
    "lookup table A: a row is nested deeper than 200 levels",
  ]);
});

test("a line of state without an end is refused", async () => {
  const piece = Buffer.alloc(mebibyte, "a");
  const stdin = Readable.from(Array.from({ length: 130 }, () => piece));
  const screen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const io = { stdin, stdout: screen, stderr: screen, clock: manualClock() };
  const state = join(folder(), "state.db");
  await expect(importStateCommand({ state, file: "-" }, io)).rejects.toMatchObject({
    code: "INPUT_UNREADABLE",
    message: expect.stringContaining("a line has more than"),
  });
});
