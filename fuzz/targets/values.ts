import { isDeepStrictEqual } from "node:util";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { strToU8, zipSync } from "fflate";

import { formatDuration, parseDurationMs } from "../../src/core/durations.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { installedPackages } from "../../src/rules/python/packages/installed.ts";
import { lockName, readLock, renderLock } from "../../src/rules/python/packages/lock.ts";
import { parseMetadata } from "../../src/rules/python/packages/metadata.ts";
import { readWheel, readWheelMetadata } from "../../src/rules/python/packages/wheel.ts";
import { decodeItem, encodeItem } from "../../src/state/item-codec.ts";
import { fromStored } from "../../src/sources/files/file-position.ts";
import { answerOf, check, type Target } from "./target.ts";

const jsonWords = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "null",
  "-1",
  "1e400",
  "9007199254740993",
  "\\ud800",
  '"__proto__":',
];

/** A line of a state file is an item, which is written as it was read, or a `StakeoutError`. */
export const item: Target = {
  seeds: [
    '{"key":"a","count":1,"strings":["b","c"],"dictionary":{"d":{"__proto__":1}},"expiresAt":"2026-01-01T00:00:00.000Z"}',
    '{"key":"a","count":1.5,"expiresAt":null}',
    '{"key":"a","count":null,"strings":null,"dictionary":null,"expiresAt":null}',
    '{"key":"__proto__","expiresAt":null,"dictionary":{"constructor":{"prototype":{"x":1}}}}',
  ],
  words: [...jsonWords, '"count":', '"strings":[', '"dictionary":{', '"expiresAt":', "9999-12-31T23:59:60Z"],
  run(bytes) {
    const decoded = answerOf(() => decodeItem(bytes.toString()));
    if (decoded === undefined) return;
    const { count = 0, expiresAtMs } = decoded;
    check(Number.isSafeInteger(count) && !Number.isNaN(expiresAtMs), "an item holds no number");
    check(isDeepStrictEqual(decodeItem(encodeItem(decoded)), decoded), "an item is not what was written");
  },
};

/** A stored position, which somebody may have edited, is one or a `StakeoutError`. */
export const position: Target = {
  seeds: [
    '{"offset":5,"format":"lines","envelopeField":"Records","inside":false,"atEnd":true,"failed":false,"size":5,"mtimeMs":1.5,"compression":"none","storedBytes":5,"headBytes":5,"headHash":"ab"}',
  ],
  words: [...jsonWords, '"offset":', '"format":', '"array"', '"gzip"', "true"],
  run(bytes) {
    let stored: unknown;
    try {
      stored = JSON.parse(bytes.toString());
    } catch {
      return;
    }
    if (typeof stored !== "object" || stored === null || Array.isArray(stored)) return;
    answerOf(() => fromStored("/fuzz", stored as JsonObject));
  },
};

/** A duration is a whole number of milliseconds that can be shown, or none. */
export const duration: Target = {
  seeds: ["90s", "1h30m", "7d", "1.5h", " 2 w 3 ms ", "0"],
  words: ["ms", "s", "m", "h", "d", "w", ".", " ", "9".repeat(30), "-", "e5", "\u0660"],
  run(bytes) {
    const text = bytes.toString();
    for (const duration of [text, Number(text)]) {
      const durationMs = parseDurationMs(duration);
      if (durationMs === undefined) continue;
      check(Number.isSafeInteger(durationMs) && durationMs >= 0, "a duration is no whole number");
      check(parseDurationMs(duration) === durationMs, "a duration is another one the second time");
      check(formatDuration(durationMs) !== "", "a duration cannot be shown");
    }
  },
};

const metadata = [
  "Metadata-Version: 2.1",
  "Name: demo",
  "Version: 1.0",
  "Requires-Dist: other[x] (>=1.0,<2) ; python_version >= '3.8' and extra == 'x'",
  "Requires-Python: >=3.8",
  "",
].join("\n");

/** A wheel is unpacked within its bounds into files below one folder, or it is a `StakeoutError`. */
export const wheel: Target = {
  seeds: [
    zipSync({
      "demo-1.0.dist-info/METADATA": strToU8(metadata),
      "demo/__init__.py": strToU8("x = 1\n".repeat(50)),
    }),
    zipSync(
      { "demo-1.0.data/purelib/a.py": strToU8(""), "demo-1.0.dist-info/METADATA": strToU8(metadata) },
      { level: 0 },
    ),
    metadata,
  ],
  words: [
    "PK\x01\x02",
    "PK\x03\x04",
    "PK\x05\x06",
    "../",
    "/",
    "\\",
    "\xff\xff\xff\xff",
    "\0\0",
    "Requires-Dist: ",
    ";",
    "(",
    "extra",
  ],
  run(bytes) {
    const files = answerOf(() => readWheel(bytes));
    for (const name of files?.keys() ?? []) {
      check(
        name.split("/").every((part) => part !== ".." && part !== ""),
        "a file of a wheel leads elsewhere",
      );
    }
    const text = answerOf(() => readWheelMetadata(bytes)) ?? bytes.toString();
    answerOf(() => parseMetadata(text, "demo-1.0-py3-none-any.whl"));
  },
};

const lockSeed = `{
  "schemaVersion": 1,
  "requested": ["demo>=1"],
  "packages": [
    {"name":"demo","version":"1.0","file":"demo-1.0-py3-none-any.whl","url":"https://example.com/demo.whl","sha256":"${"ab".repeat(32)}","size":5,"requires":[]}
  ]
}
`;

/** A lock is read, and then written as it was read, or it is a `StakeoutError`; and it never keeps anything else from loading. */
export const lock: Target = {
  seeds: [lockSeed, '{"schemaVersion":2}', '{"schemaVersion":1,"requested":[],"packages":[]}'],
  words: [
    ...jsonWords,
    "../",
    "https://",
    "file:///etc/passwd",
    '"requested":[',
    '"packages":[',
    "==1.*",
    "; extra",
  ],
  run(bytes) {
    const folder = mkdtempSync(join(tmpdir(), "stakeout-fuzz-"));
    try {
      writeFileSync(join(folder, lockName), bytes);
      const read = answerOf(() => readLock(folder));
      if (read !== undefined) {
        for (const { file } of read.packages) check(!/[/\\]/.test(file), "a wheel's name leads elsewhere");
        writeFileSync(join(folder, lockName), renderLock(read));
        check(answerOf(() => readLock(folder)) !== undefined, "a lock that was written cannot be read");
      }
      installedPackages([folder]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
