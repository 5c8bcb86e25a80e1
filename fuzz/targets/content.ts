import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Problem } from "../../src/core/errors.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { readLogType } from "../../src/parsers/log-type-file.ts";
import { recognises, timeOf } from "../../src/parsers/log-type.ts";
import { loadLogTypes } from "../../src/parsers/log-types.ts";
import type { DetectionSpec } from "../../src/rules/panther/content.ts";
import { readCsv } from "../../src/rules/panther/csv.ts";
import { compileFilter, compileSimple } from "../../src/rules/panther/detection/compile.ts";
import { parseFilter, passesFilters } from "../../src/rules/panther/filter.ts";
import { readPantherContent } from "../../src/rules/panther/read-content.ts";
import { checkTests } from "../../src/testing/rule-tests/check-definition.ts";
import { readTestFile } from "../../src/testing/rule-tests/read-test-file.ts";
import { EventResolver } from "../../src/testing/rule-tests/resolve-events.ts";
import { answerOf, check, checkProblems, type Target } from "./target.ts";

const event: JsonObject = JSON.parse(
  '{"a":"x","n":5,"list":["x",1,null],"o":{"p":{"q":true}},"ip":"192.0.2.1","__proto__":{"a":1},"constructor":"c"}',
);

const yamlWords = [
  ...`: \n { } [ ] # | > *a`.split(" "),
  "- ",
  "  ",
  "&a ",
  "<<: *a",
  "!!set ",
  "!!binary ",
  "? ",
  ...`" ' ---\n null true 0x1F 1e400 .nan \t \uE0000`.split(" "),
  "%YAML 1.1\n",
  "__proto__: {a: 1}\n",
];

const logTypeSeed = `name: Acme.Gateway
description: A gateway
recognise:
  - field: service
    equals: [gateway, 5, true]
  - {field: a.b, exists: true, type: string, starts-with: x, ends-with: y}
text:
  pattern: ['(?<time>\\d+) ', '(?<client>[^ ]+)( (?<status>\\d{3}|-))?']
  header: 'time client.*'
  absent: ["-", none]
  types: {time: epoch-seconds, status: int}
time:
  - field: time
    format: "%d/%b/%Y:%H:%M:%S %z"
  - field: at
indicators:
  p_any_ip_addresses: [client, list.ip]
scan: [headers]
`;

/** A log type file is compiled or has problems; one that is compiled reads any record. */
export const logType: Target = {
  seeds: [logTypeSeed, "name: A\ntext: {pattern: '(?<a>(?:x+)+)(?<b>.*)'}\n"],
  words: [
    ...yamlWords,
    "(?<n>",
    "(?:",
    ")*",
    "+)+",
    "{1000}",
    "\\1",
    "(?=",
    "[^",
    "]",
    "\\p{L}",
    "|",
    "%Y",
    "field: ",
  ],
  run(bytes) {
    const problems: Problem[] = [];
    const read = readLogType("fuzz.yaml", bytes.toString(), problems);
    checkProblems(problems);
    check((read === undefined) === problems.length > 0, "problems and result disagree");
    if (read === undefined) return;
    recognises(read, event);
    timeOf(read, event);
    for (const line of ["5 x 200", "time client", `${"x".repeat(2000)}!`]) {
      read.text?.isHeader(line);
      read.text?.parse(line);
    }
  },
};

const detectionSeed = `AnalysisType: rule
RuleID: Fuzz.Rule
Enabled: true
LogTypes: [Test.Log]
Severity: High
DedupPeriodMinutes: 5
Threshold: 2
Tags: [a, b]
Reports: {MITRE ATT&CK: ["TA0001:T1"]}
Detection:
  - All:
      - {Key: a, Condition: Equals, Value: x}
      - Any:
          - {KeyPath: "o.p.q", Condition: IsNotNull}
          - {Key: ip, Condition: IsIPAddressInCIDR, Value: 192.0.2.0/24}
      - {Key: list, Expressions: [{Condition: StartsWith, Value: x}], Condition: AnyElement}
  - {Key: n, Condition: IsGreaterThan, Value: 3}
InlineFilters:
  - All: [{Key: a, Condition: Equals, Value: x}]
AlertTitle: "title {a} {o.p}"
AlertContext: [{KeyName: c, KeyValue: {Key: a}}]
GroupBy: [{Key: a}]
DynamicSeverities:
  - ChangeTo: LOW
    Conditions: [{Key: n, Condition: Equals, Value: 5}]
Tests:
  - Name: one
    ExpectedResult: true
    Log: {"a": "x", "n": 5, }
    Mocks: [{objectName: m, returnValue: 1}]
  - Name: two
    ExpectedResult: false
    Log:
      a: y
`;

const otherContent = [
  detectionSeed,
  "AnalysisType: rule\nRuleID: P\nEnabled: true\nFilename: rule.py\nLogTypes: [A.B]\nSeverity: Info\n",
  "AnalysisType: policy\nPolicyID: Q\nEnabled: false\nFilename: rule.py\nResourceTypes: [AWS.S3]\nSeverity: Info\nSuppressions: [a]\n",
  "AnalysisType: datamodel\nDataModelID: D\nEnabled: true\nLogTypes: [A.B]\nFilename: rule.py\nMappings: [{Name: a, Path: b}, {Name: c, Method: d}]\n",
  "AnalysisType: global\nGlobalID: helpers\nFilename: rule.py\n",
  "AnalysisType: lookup_table\nLookupName: L\nEnabled: true\nFilename: rows.csv\nSchema: S\nLogTypeMap: {PrimaryKey: a, AssociatedLogTypes: [{LogType: A, Selectors: [b]}]}\n",
  "AnalysisType: pack\nPackID: K\nPackDefinition: {IDs: [P]}\n",
  "AnalysisType: correlation_rule\nRuleID: C\nEnabled: true\nSeverity: Info\nDetection: [{Sequence: [{ID: a, RuleID: P}]}]\n",
];

/** A Panther file is read or has problems; a detection that is read is compiled or has problems, and answers any event. */
export const panther: Target = {
  seeds: otherContent,
  words: [
    ...yamlWords,
    ...`[*] IsIPAddressInCIDR`.split(" "),
    "Condition: ",
    "Value: ",
    "Key: ",
    "KeyPath: ",
    "DeepKey: [a, b]",
    "Filename: ../../x",
    ...`IsNullOrEmpty OnlyOne: None: Comparison 192.0.2.0/99 {a} Tests:\n`.split(" "),
    "Expressions: ",
    "Log: {",
  ],
  run(bytes) {
    inFolder((folder) => {
      mkdirSync(join(folder, "rules"));
      writeFileSync(join(folder, "rules/rule.yml"), bytes);
      writeFileSync(join(folder, "rules/rule.py"), "def rule(event):\n    return True\n");
      writeFileSync(join(folder, "rules/rows.csv"), "a,b\n1,2\n");
      for (const tests of [true, false]) {
        const content = readPantherContent([join(folder, "rules")], { tests, ignoreExtraKeys: !tests });
        checkProblems([...content.problems, ...content.warnings]);
        for (const spec of content.detections) checkDetection(spec);
      }
    });
  },
};

function checkDetection({ body, inlineFilters, tests }: DetectionSpec): void {
  for (const { json } of tests) JSON.parse(json);
  const problems: Problem[] = [];
  const filter = inlineFilters && compileFilter(inlineFilters, problems);
  filter?.(event);
  if (body.kind === "simple") {
    const compiled = compileSimple(body.detection, body.extras, problems);
    check(typeof compiled?.rule(event) !== "object", "a detection answers no boolean");
    for (const name of compiled?.functions ?? []) compiled?.call(name, event);
  }
  checkProblems(problems);
}

/** Rows are read or there are problems, and each row has every column as a field of its own. */
export const csv: Target = {
  seeds: ["a,b\n1,2\n", 'a,"b ""c""",__proto__\r\n"x\ny",,3\r\n\r\n', "a\r1\r2", '"a'],
  words: [",", '"', '""', "\n", "\r", "\r\n", "a,a", "__proto__", "constructor", "\0"],
  run(bytes) {
    const problems: Problem[] = [];
    const text = bytes.toString();
    const rows = readCsv("fuzz.csv", text, problems);
    checkProblems(problems);
    const [columns] = rows.map((row) => Object.keys(row).length);
    check(
      rows.every((row) => Object.keys(row).length === columns),
      "a row lacks a column",
    );
    check(
      rows.every((row) => Object.getPrototypeOf(row) === Object.prototype),
      "a row has another prototype",
    );
  },
};

const filteredRule: Parameters<typeof passesFilters>[0] = {
  manifest: {
    id: "Fuzz.Rule",
    displayName: undefined,
    dedupPeriodMs: 60_000,
    threshold: 1,
    createAlert: true,
    tags: ["a"],
    reports: { mitre: ["T1"] },
    summaryAttributes: [],
    logTypes: ["Test.Log"],
    enabled: true,
    severity: "low",
    description: "",
    reference: "",
    runbook: "",
    destinations: undefined,
    file: "/rules/fuzz.ts",
    line: 1,
  },
  fields: { Severity: "Low", Tags: ["a"], Reports: { mitre: ["T1"] } },
};

/** A filter is one or a `StakeoutError`; one or the other answer of it is true of a rule. */
export const filter: Target = {
  seeds: ["Severity=Low,High", "tags!=a", 'Enabled=yes,""', "dedupPeriod=1m", "Reports=mitre"],
  words: [
    "=",
    "!=",
    ",",
    '""',
    "''",
    "constructor",
    "__proto__",
    "toString",
    "Severity",
    "enabled",
    "\u0130",
  ],
  run(bytes) {
    const parsed = answerOf(() => parseFilter(bytes.toString()));
    if (parsed === undefined) return;
    for (const rule of [filteredRule, { ...filteredRule, fields: undefined }]) {
      const turned = { ...parsed, wanted: !parsed.wanted };
      check(passesFilters(rule, [parsed]) !== passesFilters(rule, [turned]), "a filter says yes and no");
    }
  },
};

const testsSeed = `events:
  base: {fields: {eventName: a, p_log_type: AWS.CloudTrail}}
tests:
  - name: one
    now: 2026-01-01T00:00:00Z
    state: {key: {count: 1, strings: [a], dictionary: {a: 1}, expires: 1h}}
    mocks: {fn: {returns: 5}}
    events:
      - {base: base, after: 5m, repeat: 3, patch: {eventName: null, x: {y: 1}}}
      - {eventName: b, at: 2026-01-01T01:00:00Z}
    expect: {matches: [true, true, true, false], alerts: [{title: {matches: "^a"}, dedup: {contains: b}}]}
  - {name: two, event: {file: gone.json}, expect: {matches: false}}
`;
const { logTypes } = loadLogTypes([]);

/** A test file has tests or problems, and the events of its tests can be made. */
export const ruleTests: Target = {
  seeds: [testsSeed, "- {name: a, event: {a: 1}, expect: {matches: true}}\n"],
  words: [
    ...yamlWords,
    "base: ",
    "patch: ",
    "after: ",
    "repeat: 9999",
    "at: ",
    "matches: ",
    "constructor: ",
    "file: /etc",
  ],
  async run(bytes) {
    await inFolder(async (folder) => {
      const file = join(folder, "fuzz.test.yaml");
      writeFileSync(file, bytes);
      const problems: Problem[] = [];
      const written = await readTestFile(file, problems);
      const checked = written && checkTests(written.content, written.place, problems);
      checkProblems(problems);
      check(checked !== undefined || problems.length > 0, "neither tests nor problems");
      if (checked === undefined) return;
      const report = (): void => {};
      const resolver = new EventResolver({ file, bases: checked.events ?? {}, logTypes, report, problems });
      resolver.checkBases();
      for (const [index, test] of checked.tests.entries()) {
        for (const { fields } of resolver.resolve(test, ["tests", index], "AWS.CloudTrail").events) {
          check(Object.getPrototypeOf(fields) === Object.prototype, "an event has another prototype");
        }
      }
    });
  },
};

/** Runs with a folder that is gone afterwards. */
function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-fuzz-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  let used: T;
  try {
    used = use(folder);
  } catch (error) {
    remove();
    throw error;
  }
  if (used instanceof Promise) return used.finally(remove) as T;
  remove();
  return used;
}
