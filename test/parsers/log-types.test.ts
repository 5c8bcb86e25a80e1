import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

import { loadLogTypes } from "../../src/parsers/log-types.ts";
import { builtIn, cloudTrail, deadLetterOf, eventOf, parseOne } from "./fixtures.ts";

const root = mkdtempSync(join(tmpdir(), "log-types-"));
afterAll(() => rmSync(root, { recursive: true }));

/** A new folder with these files. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(root, "case-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** The problems of one file with this text, as `line: message`. */
function problemsOf(text: string): readonly string[] {
  const folder = folderWith({ "type.yaml": text });
  return loadLogTypes([folder]).problems.map(({ line, message }) => `${line}: ${message}`);
}

/** What a small CloudTrail record is recognised as beside these log types. */
function recognisedWith(...texts: readonly string[]): string {
  const files = Object.fromEntries(texts.map((text, index) => [`${index}.yaml`, text]));
  return eventOf(cloudTrail(), { logTypes: loadLogTypes([folderWith(files)]).logTypes }).logType;
}

/** Whether a condition of a log type holds for a record. */
function holds(condition: string, record: string): boolean {
  const text = `name: Acme.Test\nrecognise:\n  - ${condition}\n`;
  const { logTypes, problems } = loadLogTypes([folderWith({ "a.yaml": text })]);
  expect(problems).toEqual([]);
  return parseOne(record, { logTypes })?.kind === "event";
}

const gateway = `name: Acme.Gateway
recognise:
  - field: service
    equals: [gateway, gateway-canary]
  - field: request.id
    type: string
text:
  pattern: '(?<time>\\d+) (?<client>\\S+) (?<status>\\d{3}|-)'
  types: { status: int }
time:
  - field: at
  - field: time
    format: epoch-seconds
indicators:
  p_any_ip_addresses: [client]
`;

describe("a user's log types", () => {
  const { logTypes, problems } = loadLogTypes([folderWith({ "gateway.yaml": gateway })]);

  test("load beside the built-in ones", () => {
    expect(problems).toEqual([]);
    expect(logTypes.names).toEqual(["Acme.Gateway", ...builtIn.names].sort());
  });

  test("are recognised by all their conditions", () => {
    const record = { service: "gateway-canary", request: { id: "r1" }, at: "2024-03-05T06:07:08Z" };
    expect(eventOf(record, { logTypes })).toMatchObject({
      logType: "Acme.Gateway",
      timeMs: Date.UTC(2024, 2, 5, 6, 7, 8),
    });
    const without = JSON.stringify({ service: "gateway", request: { id: 5 } });
    expect(deadLetterOf(without, { logTypes }).reason).toBe("unknown-log-type");
  });

  test("read text by their pattern", () => {
    expect(eventOf("1709618828 192.0.2.7 204", { logTypes })).toMatchObject({
      logType: "Acme.Gateway",
      timeMs: Date.UTC(2024, 2, 5, 6, 7, 8),
      fields: { time: "1709618828", client: "192.0.2.7", status: 204 },
    });
  });

  test("replace a built-in one of the same name", () => {
    const own = "name: Nginx.Access\ntext: { pattern: '(?<line>nginx .*)' }\n";
    const { logTypes } = loadLogTypes([folderWith({ "nginx.yml": own })]);
    expect(logTypes.names).toEqual(builtIn.names);
    expect(eventOf("nginx anything", { logTypes }).fields).toEqual({ line: "nginx anything" });
    const combined = '192.0.2.7 - - [05/Mar/2024:06:07:08 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"';
    expect(parseOne(combined, { logTypes })?.kind).toBe("dead-letter");
  });

  test("can be given file by file, and without any way to be recognised", () => {
    const file = join(folderWith({ "only-forced.txt": "name: Acme.Forced\n" }), "only-forced.txt");
    const { logTypes, problems } = loadLogTypes([file]);
    expect(problems).toEqual([]);
    expect(eventOf({ any: 1 }, { logTypes, logType: "Acme.Forced" }).logType).toBe("Acme.Forced");
    expect(parseOne('{"any":1}', { logTypes })?.kind).toBe("dead-letter");
  });
});

describe("the order of recognition", () => {
  const narrow = `name: Acme.BucketAccess
recognise:
  - { field: eventSource, equals: s3.amazonaws.com }
  - { field: eventName, starts-with: Get, type: string }
  - { field: awsRegion, exists: true }
`;
  const tied = `name: Acme.Tied
recognise:
  - { field: eventSource, starts-with: s3., exists: true }
  - { field: eventName, exists: true }
`;
  const wide = "name: AAA.Anything\nrecognise:\n  - { field: eventName, exists: true }\n";

  test("is by the number of conditions, whatever the files are called", () => {
    expect(recognisedWith(wide, narrow)).toBe("Acme.BucketAccess");
    expect(recognisedWith(narrow, wide)).toBe("Acme.BucketAccess");
    expect(recognisedWith(wide)).toBe("AWS.CloudTrail");
  });

  test("puts the user's before the built-in with as many", () => {
    expect(recognisedWith(tied)).toBe("Acme.Tied");
  });

  test("puts the user's with as many by name", () => {
    expect(recognisedWith(tied, tied.replace("Acme.Tied", "Acme.Again"))).toBe("Acme.Again");
  });

  test("of text puts the user's first", () => {
    const { logTypes } = loadLogTypes([
      folderWith({ "a.yaml": "name: Acme.Lines\ntext: { pattern: '(?<line>.*)' }\n" }),
    ]);
    expect(logTypes.textTypes.map(({ name }) => name)).toEqual([
      "Acme.Lines",
      "AWS.VPCFlow",
      "AWS.S3ServerAccess",
      "Nginx.Access",
    ]);
  });
});

describe("conditions", () => {
  test.each([
    ["{ field: a, exists: true }", '{"a":0}', '{"a":null}'],
    ["{ field: a, exists: false }", '{"b":0}', '{"a":0}'],
    ["{ field: a.b, exists: true }", '{"a":{"b":1}}', '{"a":[{"b":1}]}'],
    ["{ field: constructor, exists: true }", '{"constructor":1}', '{"a":1}'],
    ["{ field: a.constructor, exists: true }", '{"a":{"constructor":1}}', '{"a":{}}'],
    ["{ field: a, equals: 5 }", '{"a":5}', '{"a":"5"}'],
    ["{ field: a, equals: true }", '{"a":true}', '{"a":"true"}'],
    ["{ field: a, equals: [x, 5] }", '{"a":5}', '{"a":"y"}'],
    ["{ field: a, starts-with: ab }", '{"a":"abc"}', '{"a":["abc"]}'],
    ["{ field: a, ends-with: bc }", '{"a":"abc"}', '{"a":"bcd"}'],
    ["{ field: a, type: string }", '{"a":""}', '{"a":1}'],
    ["{ field: a, type: number }", '{"a":1}', '{"a":"1"}'],
    ["{ field: a, type: boolean }", '{"a":false}', '{"a":0}'],
    ["{ field: a, type: object }", '{"a":{}}', '{"a":[]}'],
    ["{ field: a, type: object }", '{"a":{}}', '{"a":null}'],
    ["{ field: a, type: array }", '{"a":[]}', '{"a":{}}'],
    ["{ field: a, type: string, starts-with: x }", '{"a":"x"}', '{"a":"y"}'],
  ])("%s holds for %s and not for %s", (condition, yes, no) => {
    expect(holds(condition, yes)).toBe(true);
    expect(holds(condition, no)).toBe(false);
  });
});

/** Few lines that stand for ten to the ninth texts. */
const billionLaughs = Array.from({ length: 9 }, (_, level) => {
  const members = level === 0 ? "x," : `*a${level - 1},`;
  return `a${level}: &a${level} [${members.repeat(10)}]`;
}).join("\n");

describe("problems in log type files", () => {
  test("are reported all at once, each with its line", () => {
    const text = `name: Acme Gateway
recognize: []
recognise:
  - field: a..b
    type: text
time:
  - format: iso8601
indicators:
  p_any_ip_adresses: [a]
`;
    const problems = problemsOf(text);
    const about = (line: number, word: string): boolean =>
      problems.some((problem) => problem.startsWith(`${line}: `) && problem.includes(word));
    expect(about(1, "name")).toBe(true);
    expect(about(2, "recognize")).toBe(true);
    expect(about(4, "field")).toBe(true);
    expect(about(5, "type")).toBe(true);
    expect(about(7, "field")).toBe(true);
    expect(about(9, "p_any_ip_adresses")).toBe(true);
  });

  test("in patterns, types and formats are reported all at once, each with its line", () => {
    const text = `name: Acme.Gateway
recognise:
  - field: a
text:
  header: '('
  pattern:
    - '(?<a>.*)'
  types:
    b: int
    a: integer
time:
  - field: a
    format: '%d/%Q'
`;
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/^3: The condition asks nothing/),
      expect.stringMatching(/^5: This is not a regular expression/),
      expect.stringMatching(/^9: The pattern has no group "b"/),
      expect.stringMatching(/^10: There is no type "integer"/),
      expect.stringMatching(/^13: The time format "%d\/%Q" has %Q/),
    ]);
  });

  test.each([
    ["name: [", 1, "end with a ]"],
    ["name: A\nname: B", 2, "unique"],
    ["name: *missing", 1, "alias"],
    [billionLaughs, 1, "alias"],
    ["", 1, "map of settings"],
    ["- a", 1, "map of settings"],
    ["name: A\ntext:\n  pattern: 5", 3, "text.pattern"],
    ["name: A\nrecognise:\n  - field: a\n    equals: {}", 4, "equals"],
    ["name: A\ntext:\n  pattern: 'no groups'", 3, "named groups"],
    ["name: A\ntext:\n  pattern: '(?P<a>.*)'", 3, "(?<name>…)"],
  ])("%j", (text, line, word) => {
    const problems = problemsOf(text);
    expect(problems.some((problem) => problem.startsWith(`${line}: `) && problem.includes(word))).toBe(true);
  });

  test("do not keep the valid files from loading", () => {
    const { logTypes, problems } = loadLogTypes([folderWith({ "a.yaml": "name: 5", "b.yaml": gateway })]);
    expect(problems).toHaveLength(1);
    expect(logTypes.get("Acme.Gateway")).toBeDefined();
  });

  test("a name that two files define", () => {
    const folder = folderWith({ "a.yaml": gateway, "b.yaml": gateway });
    expect(loadLogTypes([folder]).problems).toEqual([
      { file: join(folder, "b.yaml"), line: 0, message: expect.stringContaining(join(folder, "a.yaml")) },
    ]);
  });

  test("a path that is not there, an empty folder, a folder called like a file", () => {
    const empty = folderWith({});
    const odd = folderWith({ "inner.yaml/readme.txt": "" });
    const { problems } = loadLogTypes([join(empty, "gone"), empty, odd]);
    expect(problems.map(({ file, line }) => [file, line])).toEqual([
      [join(empty, "gone"), 0],
      [empty, 0],
      [join(odd, "inner.yaml"), 0],
    ]);
  });
});

test("the built-in files pass the check that users' files go through", () => {
  const folder = fileURLToPath(new URL("../../src/parsers/log-types", import.meta.url));
  const { logTypes, problems } = loadLogTypes([folder]);
  expect(problems).toEqual([]);
  expect(logTypes.names).toEqual(builtIn.names);
});

test("the example of docs/log-types.md works", () => {
  const docs = readFileSync(new URL("../../docs/log-types.md", import.meta.url), "utf8");
  const example = /```yaml\n(.*?)```/s.exec(docs)?.[1] ?? "";
  const { logTypes, problems } = loadLogTypes([folderWith({ "gateway.yaml": example })]);
  expect(problems).toEqual([]);
  expect(
    eventOf('05/Mar/2024:06:07:08.25 192.0.2.7 none "GET /" 200 0.5 a b', {
      logTypes,
      logType: "Acme.Gateway",
    }).fields,
  ).toEqual({
    at: "2024-03-05 06:07:08.250000000",
    client: "192.0.2.7",
    request: "GET /",
    status: 200,
    seconds: 0.5,
    tags: ["a", "b"],
  });
});
