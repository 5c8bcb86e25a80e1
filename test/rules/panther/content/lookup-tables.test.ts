import { writeFileSync } from "node:fs";
import { join } from "node:path";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { LookupTableSpec } from "../../../../src/rules/panther/content.ts";
import { readCsv } from "../../../../src/rules/panther/csv.ts";
import { type Keys, shown, withRepository, yamlOf } from "./fixtures.ts";

const tableKeys: Keys = {
  AnalysisType: "lookup_table",
  LookupName: "a_table",
  Enabled: "true",
  Schema: "Custom.Table",
  Filename: "rows.csv",
  LogTypeMap:
    "\n  PrimaryKey: ip\n  AssociatedLogTypes:\n    - {LogType: Test.Log, Selectors: [source, $.a.b]}",
};

interface Read {
  readonly table: LookupTableSpec | undefined;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

function read(keys: Keys = {}, files: Readonly<Record<string, string>> = { "rows.csv": "ip,name\n" }): Read {
  const beside = Object.entries(files).map(([name, text]) => [`lookup_tables/${name}`, text]);
  using repository = withRepository({
    "lookup_tables/a.yml": yamlOf({ ...tableKeys, ...keys }),
    ...Object.fromEntries(beside),
  });
  const { lookupTables, problems, warnings } = repository.read(["lookup_tables"]);
  return {
    table: lookupTables[0],
    problems: shown(problems, repository),
    warnings: shown(warnings, repository),
  };
}

describe("a lookup table", () => {
  test("has its rows, its key, and where an event has the value", () => {
    const { table, problems } = read({}, { "rows.csv": "ip,name\n10.0.0.1,one\n10.0.0.2,two\n" });
    expect(problems).toEqual([]);
    expect(table).toMatchObject({
      name: "a_table",
      enabled: true,
      rows: [
        { ip: "10.0.0.1", name: "one" },
        { ip: "10.0.0.2", name: "two" },
      ],
      primaryKey: "ip",
      selectors: [{ logType: "Test.Log", paths: ["source", "$.a.b"] }],
    });
  });

  test.each([
    ["rows.json", '[{"ip": "a", "n": 1},\n {"ip": "b"}]'],
    ["rows.jsonl", '{"ip": "a", "n": 1}\n\n{"ip": "b"}\n'],
    ["rows.json", '{"ip": "a", "n": 1}\r\n{"ip": "b"}'],
  ])("can have its rows in %s", (Filename, text) => {
    expect(read({ Filename }, { [Filename]: text }).table?.rows).toEqual([{ ip: "a", n: 1 }, { ip: "b" }]);
  });

  test.each<[string, Keys]>([
    ["object storage", { Refresh: "{RoleARN: a, ObjectPath: b, PeriodMinutes: 60}" }],
    ["a query", { Query: "select 1", Refresh: "{PeriodMinutes: 60}", Schema: undefined }],
  ])("from %s has no rows, which a warning says", (_, keys) => {
    const { table, problems, warnings } = read({ Filename: undefined, ...keys });
    expect(problems).toEqual([]);
    expect(table?.rows).toBeUndefined();
    expect(warnings).toEqual([
      "lookup_tables/a.yml:2: lookup table a_table: it has no rows here: only Panther's servers can fetch them",
    ]);
    expect(read({ Filename: undefined, ...keys, Enabled: "false" }).warnings).toEqual([]);
  });

  test("can have its rows behind a byte order mark", () => {
    expect(read({}, { "rows.csv": "\uFEFFip\na\n" }).table?.rows).toEqual([{ ip: "a" }]);
  });

  test("must have them in UTF-8", () => {
    using repository = withRepository({ "lookup_tables/a.yml": yamlOf(tableKeys) });
    writeFileSync(join(repository.path, "lookup_tables/rows.csv"), Buffer.from("ip\n\xe9\n", "latin1"));
    expect(shown(repository.read().problems, repository)).toEqual([
      "lookup_tables/rows.csv:2: lookup table a_table: it is not text in UTF-8; save it in that encoding",
    ]);
  });

  test("can do without log types", () => {
    expect(read({ LogTypeMap: "{PrimaryKey: ip}" })).toMatchObject({
      problems: [],
      table: { selectors: [] },
    });
  });

  test.each<[string, Keys, string]>([
    ["no name", { LookupName: undefined }, "a.yml:1: lookup table: LookupName is missing"],
    ["without Enabled", { Enabled: undefined }, "a.yml:2: lookup table a_table: Enabled is missing"],
    [
      "no rows",
      { Filename: undefined },
      "a.yml:2: lookup table a_table: it has neither Filename nor Refresh nor Query; say where its rows are",
    ],
    [
      "no primary key",
      { LogTypeMap: "{}" },
      "a.yml:6: lookup table a_table: LogTypeMap.PrimaryKey must be text, not undefined",
    ],
    [
      "log types that are no list",
      { LogTypeMap: "{PrimaryKey: ip, AssociatedLogTypes: a}" },
      'a.yml:6: lookup table a_table: AssociatedLogTypes must be a list, not "a"',
    ],
    [
      "a log type without a name",
      { LogTypeMap: "{PrimaryKey: ip, AssociatedLogTypes: [{Selectors: [a]}]}" },
      "a.yml:6: lookup table a_table: each of AssociatedLogTypes needs a LogType, which is text, and a list of Selectors",
    ],
    [
      "a selector that is no text",
      { LogTypeMap: "{PrimaryKey: ip, AssociatedLogTypes: [{LogType: a, Selectors: [1]}]}" },
      "a.yml:6: lookup table a_table: Selectors must be a list of texts, not of the number 1",
    ],
    ["an unknown key", { Tags: "[a]" }, "a.yml:10: lookup table a_table: unknown key Tags"],
    [
      "a file that is not there",
      { Filename: "no.csv" },
      "a.yml:5: lookup table a_table: Filename no.csv: there is no such file beside it",
    ],
    [
      "another kind of file",
      { Filename: "a.yml" },
      "a.yml:0: lookup table a_table: its rows must be in a file that ends in .csv, .json or .jsonl",
    ],
  ])("is wrong with %s", (_, keys, problem) => {
    const { table, problems } = read(keys);
    expect(problems).toEqual([`lookup_tables/${problem}`]);
    expect(table).toBeUndefined();
  });

  test.each([
    ["rows.csv", "ip,name\na,b,c\n", "2: lookup table a_table: it has 3 fields, and the first line names 2"],
    ["rows.json", "[1]", "1: lookup table a_table: each row must be a JSON object"],
    ["rows.jsonl", '{"a": 1}\n{"a"\n', "2: lookup table a_table: Expected ':' after property name"],
  ])("is wrong with a row that is, in %s", (Filename, text, problem) => {
    const { table, problems } = read({ Filename }, { [Filename]: text });
    expect(problems).toEqual([expect.stringContaining(`lookup_tables/${Filename}:${problem}`)]);
    expect(table).toBeUndefined();
  });
});

describe("CSV", () => {
  test.each([
    ["a,b\n1,2", [{ a: "1", b: "2" }]],
    ["a,b\r\n1,2\r\n", [{ a: "1", b: "2" }]],
    ["a\n1\n\n2\n", [{ a: "1" }, { a: "2" }]],
    ['a,b\n"x, ""y""\nz",', [{ a: 'x, "y"\nz', b: "" }]],
    ['a\n""\n', [{ a: "" }]],
    ['a\n"x"y\n', [{ a: "xy" }]],
    [
      "a,__proto__\n1,2",
      [
        Object.fromEntries([
          ["a", "1"],
          ["__proto__", "2"],
        ]),
      ],
    ],
    ["a,b", []],
  ])("%j", (text, rows) => {
    expect(readCsv("a.csv", text, [])).toEqual(rows);
  });

  test.each([
    ["", 1, "it is empty; its first line must name the columns"],
    ["a,b,a\n1,2,3", 1, 'it has two columns named "a"'],
    ['a,b\n"1\n2",3\n4', 4, "it has 1 fields, and the first line names 2"],
    ['a\n1\n"2\n3', 3, "a field starts with a quote that is never closed"],
    ['a\n""""', 2, undefined],
  ])("%j is wrong", (text, line, message) => {
    const problems: { file: string; line: number; message: string }[] = [];
    readCsv("a.csv", text, problems);
    expect(problems).toEqual(message === undefined ? [] : [{ file: "a.csv", line, message }]);
  });

  test("any table comes back as it was written", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", " ", "é") });
    const table = fc.array(fc.tuple(cell, cell));
    fc.assert(
      fc.property(table, (rows) => {
        const quoted = rows.map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(","));
        const read = readCsv("a.csv", ["x,y", ...quoted].join("\n"), []);
        expect(read).toEqual(rows.map(([x, y]) => ({ x, y })));
      }),
    );
  });
});
