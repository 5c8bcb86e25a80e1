import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { afterEach, describe, expect, onTestFinished, test } from "vitest";

import type { Problem } from "../../src/core/errors.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { readLogType } from "../../src/parsers/log-type-file.ts";
import { recognises, type LogType } from "../../src/parsers/log-type.ts";
import { readCsv } from "../../src/rules/panther/csv.ts";
import { compileSimple } from "../../src/rules/panther/detection/compile.ts";
import { parseFilter } from "../../src/rules/panther/filter.ts";
import { readYaml } from "../../src/rules/panther/yaml-file.ts";
import { decodeItem, encodeItem } from "../../src/state/item-codec.ts";
import { createMemoryStore } from "../../src/state/memory/memory-store.ts";
import { checkTests } from "../../src/testing/rule-tests/check-definition.ts";
import { mergePatch } from "../../src/testing/rule-tests/merge-patch.ts";
import { readTestFile } from "../../src/testing/rule-tests/read-test-file.ts";
import { EventResolver } from "../../src/testing/rule-tests/resolve-events.ts";
import { builtIn, eventOf, makeParser } from "../parsers/fixtures.ts";
import { commitOf, context, memoryStore, openStore, startMs, temporaryFile } from "../state/fixtures.ts";

/** As `JSON.parse` makes it: every name is a field of its own. */
const hostile: JsonObject = JSON.parse(
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},"toString":3,"hasOwnProperty":null,"length":-1}',
);
const names = Object.keys(hostile);

/** The names of everything that inputs could add to for all that follows. */
function inheritedNames(): unknown {
  return [Object, Array, String, Function].map(({ prototype }) => Reflect.ownKeys(prototype));
}

const before = inheritedNames();

afterEach(() => {
  if (!isDeepStrictEqual(inheritedNames(), before)) throw new Error("what every object inherits has changed");
});

/** JSON text shows the fields that a value has itself. */
const shown = JSON.stringify;

describe("names that every object inherits", () => {
  test("are fields of an event like others", () => {
    const event = eventOf({ ...hostile, p_log_type: "__proto__" });
    const parser = makeParser();
    parser.attachStandardFields(event, 0);
    expect(shown(event.fields)).toBe(shown({ ...hostile, p_log_type: "__proto__" }));
    const { p_row_id: row, ...alertEvent } = parser.toAlertEvent(event, 0);
    expect(row).toHaveLength(32);
    for (const name of names) expect(shown(alertEvent[name])).toBe(shown(hostile[name]));
  });

  test("are columns of a text log type", () => {
    const logType = logTypeOf("text: {pattern: '(?<__proto__>a)(?<constructor>b)'}");
    expect(shown(logType.text?.parse("ab"))).toBe(
      shown({
        fields: JSON.parse('{"__proto__":"a","constructor":"b"}') as unknown,
      }),
    );
  });

  test.each(names)("%s is a field that a condition finds only where the record has it", (field) => {
    const logType = logTypeOf(`recognise: [{field: ${field}, exists: true}]`);
    const within = logTypeOf(`recognise: [{field: a.${field}, exists: true}]`);
    expect(recognises(logType, {})).toBe(false);
    expect(recognises(within, { a: {} })).toBe(false);
    expect(recognises(logType, JSON.parse(`{"${field}":1}`) as JsonObject)).toBe(true);
  });

  test.each(names)("%s is a key that a simple detection finds only where the event has it", (Key) => {
    const value = [{ Key, Condition: "Exists" }];
    const none = {
      alertTitle: "",
      alertContext: undefined,
      groupBy: undefined,
      dynamicSeverities: undefined,
    };
    const problems: Problem[] = [];
    const compiled = compileSimple({ file: "a.yml", value, lineOf: () => 1 }, none, problems);
    expect(problems).toEqual([]);
    expect(compiled?.rule({})).toBe(false);
    expect(compiled?.rule(JSON.parse(`{"${Key}":1}`) as JsonObject)).toBe(true);
  });

  test.each(["memory", "sqlite"])("are keys and values of a %s store", async (kind) => {
    const file = temporaryFile();
    const store = kind === "memory" ? memoryStore() : openStore({ file });
    const expiresAtMs = startMs + 1000;
    for (const key of names) {
      expect(store.getCounter(context(), key)).toBe(0);
      store.incrementCounter(context(), key, { amount: 5, expiresAtMs });
      store.putStringSet(context(), key, { members: names, expiresAtMs });
      store.putDictionary(context(), key, { value: hostile, expiresAtMs });
    }
    await store.commit(commitOf());
    for (const key of names) {
      expect(store.getCounter(context(), key)).toBe(5);
      expect([...store.getStringSet(context(), key)].sort()).toEqual([...names].sort());
      expect(shown(store.getDictionary(context(), key))).toBe(shown(hostile));
    }
    await store.close();
  });

  test("are keys of the engine's own entries and positions", async () => {
    const store = createMemoryStore();
    const entries = names.map((key) => ({ kind: key, key, value: hostile }));
    const positions = names.map((stream) => ({ source: stream, stream, value: hostile }));
    expect(await store.readEntry("__proto__", "__proto__")).toBeUndefined();
    await store.commit(commitOf({ entries, positions }));
    for (const name of names) {
      expect(shown(await store.readEntry(name, name))).toBe(shown(hostile));
      expect(shown(await store.readPosition(name, name))).toBe(shown(hostile));
    }
  });

  test.each(names)("%s survives an export and an import of state", (key) => {
    const line = JSON.stringify({ key, count: 1, strings: [key], dictionary: hostile, expiresAt: null });
    expect(encodeItem(decodeItem(line))).toBe(line);
  });

  test("are keys of YAML", () => {
    const problems: Problem[] = [];
    const yaml = readYaml("a.yml", `a: ${JSON.stringify(hostile)}\n__proto__: {polluted: 3}\n`, problems);
    expect(problems).toEqual([]);
    expect(shown(yaml?.value)).toBe(
      shown(JSON.parse(`{"a":${JSON.stringify(hostile)},"__proto__":{"polluted":3}}`)),
    );
    expect(Object.getPrototypeOf(yaml?.value)).toBe(Object.prototype);
  });

  test("are columns of a lookup table", () => {
    const problems: Problem[] = [];
    const rows = readCsv("a.csv", `${names.join(",")}\n${names.join(",")}\n`, problems);
    expect(problems).toEqual([]);
    expect(shown(rows)).toBe(shown([Object.fromEntries(names.map((name) => [name, name]))]));
    expect(Object.getPrototypeOf(rows[0])).toBe(Object.prototype);
  });

  test.each(names)("%s is no field that a filter knows, and a value like others", (name) => {
    expect(() => parseFilter(`${name}=a`)).toThrow("rules have no field");
    expect([...parseFilter(`enabled=${name}`).values]).toEqual([name.toLowerCase()]);
  });

  test("are fields of a merge patch", () => {
    const patched = mergePatch({ a: 1 }, hostile);
    const kept = Object.entries(hostile).filter(([, value]) => value !== null);
    expect(shown(patched)).toBe(shown(Object.fromEntries([["a", 1], ...kept])));
    expect(
      shown(mergePatch(patched, JSON.parse('{"__proto__":null,"constructor":{"prototype":null}}'))),
    ).toBe(
      shown({
        a: 1,
        constructor: {},
        toString: 3,
        length: -1,
      }),
    );
  });

  test("are fields of the events of a rule test, and names of base events", async () => {
    const folder = mkdtempSync(join(tmpdir(), "stakeout-fuzz-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "a.test.yaml");
    const fields = JSON.stringify(hostile);
    writeFileSync(
      file,
      `events: {"__proto__": {fields: ${fields}}}\ntests:\n  - {name: a, event: {base: __proto__, patch: {a: 1}}, expect: {matches: true}}\n`,
    );
    const problems: Problem[] = [];
    const written = await readTestFile(file, problems);
    const checked = written && checkTests(written.content, written.place, problems);
    const report = (path: readonly PropertyKey[], message: string): void => {
      problems.push({ file: path.join("."), line: 0, message });
    };
    const resolver = new EventResolver({
      file,
      bases: checked?.events ?? {},
      logTypes: builtIn,
      report,
      problems,
    });
    const [test] = checked?.tests ?? [];
    const resolved = test && resolver.resolve(test, [], "Test.Log");
    expect(problems).toEqual([]);
    expect(shown(resolved?.events[0]?.fields)).toBe(shown({ ...hostile, a: 1 }));
  });
});

function logTypeOf(text: string): LogType {
  const problems: Problem[] = [];
  const logType = readLogType("a.yaml", `name: Test.Log\n${text}\n`, problems);
  if (logType === undefined) throw new Error(shown(problems));
  return logType;
}
