import { join } from "node:path";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { substitute, Substituted } from "../../../src/config/service-file/substitute.ts";
import { configFolder, minimal, read, readValid, token, withDestination } from "./fixtures.ts";

const env = { NAME: "value", EMPTY: "", NESTED: "${NAME}", NUMBER: "-1.5", FLAG: "true" };

/** The text that comes out, or the problems. */
function put(text: string, folder = "/nowhere"): unknown {
  const result = substitute(text, { env, folder });
  return result.kind === "done" ? result.value : result.problems;
}

describe("variables", () => {
  test.each([
    ["plain", "plain"],
    ["${NAME}", "value"],
    ["a ${NAME} and ${NAME}", "a value and value"],
    ["${EMPTY}", ""],
    ["${EMPTY:-standard}", "standard"],
    ["${MISSING:-standard}", "standard"],
    ["${MISSING:-}", ""],
    ["${MISSING:-a:b $}", "a:b $"],
    ["${NAME:-standard}", "value"],
    ["$${NAME}", "${NAME}"],
    ["$$${NAME}", "$${NAME}"],
    ["$NAME costs 5$", "$NAME costs 5$"],
    ["${NESTED}", "${NAME}"],
    ["{{title}} {a}", "{{title}} {a}"],
    ["number ${NUMBER}", "number -1.5"],
  ])("%s", (text, value) => {
    expect(put(text)).toBe(value);
  });

  test.each(["${NUMBER}", "${FLAG}", "${MISSING:-12}"])("%s alone can be more than text", (text) => {
    expect(put(text)).toBeInstanceOf(Substituted);
  });

  test.each([
    ["${MISSING}", "the environment variable MISSING is not set: set it, or write ${MISSING:-default}"],
    [
      "${file:${NAME}/x}",
      "a ${…} cannot hold another one: write ${NAME}, ${NAME:-default} or ${file:PATH}, and $${ for a literal ${",
    ],
    ["${toString}", "the environment variable toString is not set: set it, or write ${toString:-default}"],
    [
      "${}",
      "a ${…} is not understood: write ${NAME}, ${NAME:-default} or ${file:PATH}, and $${ for a literal ${",
    ],
    [
      "${a b}",
      "a ${…} is not understood: write ${NAME}, ${NAME:-default} or ${file:PATH}, and $${ for a literal ${",
    ],
    [
      "${NAME",
      "a ${ has no closing brace: write ${NAME}, ${NAME:-default} or ${file:PATH}, and $${ for a literal ${",
    ],
    [
      "${file:}",
      "${file:} names no file: write ${NAME}, ${NAME:-default} or ${file:PATH}, and $${ for a literal ${",
    ],
  ])("%s is a problem", (text, problem) => {
    expect(put(text)).toEqual([problem]);
  });

  test("all problems of a text are told", () => {
    expect(put("${ONE} ${TWO}")).toHaveLength(2);
  });
});

describe("files", () => {
  test.each([
    ["secret", "secret"],
    ["secret\n", "secret"],
    ["secret\r\n", "secret"],
    ["secret\n\n", "secret\n"],
    [" secret ", " secret "],
    ["${NAME}", "${NAME}"],
    ["\ufeffsecret", "\ufeffsecret"],
  ])("%j", (content, value) => {
    const folder = configFolder();
    read(minimal, { folder, files: { "own/file": content } });
    expect(put("${file:own/file}", folder)).toBe(value);
    expect(put(`\${file:${join(folder, "own/file")}}`)).toBe(value);
  });

  test.each([
    ["none", "does not exist"],
    ["stakeout.yaml/none", "does not exist"],
    [".", "is not a regular file"],
    ["long", "has more than the 65536 bytes that are allowed"],
    ["latin", "is not UTF-8"],
  ])("%s is a problem", (path, problem) => {
    const folder = configFolder();
    const files = { long: "x".repeat(65_537), latin: Buffer.from("h\xe9", "latin1") };
    read(minimal, { folder, files });
    expect(put(`\${file:${path}}`, folder)).toEqual([
      `the file ${join(folder, path)} of \${file:…} ${problem}`,
    ]);
  });
});

describe("in a configuration", () => {
  test("a number or a boolean that stands alone is one where it is wanted", () => {
    const text = `${minimal}http: {connectionsMax: "\${MAX}", bodyBytesMax: "\${BODY}"}\nrules: {watch: "\${WATCH}"}\ndrain: \${DRAIN}\n`;
    const config = readValid(text, { env: { MAX: "50", BODY: "4096", WATCH: "false", DRAIN: "3" } });
    expect(config).toMatchObject({
      ingest: { connectionsMax: 50, bodyBytesMax: 4096 },
      rules: { watch: false },
      drainMs: 3000,
    });
  });

  test("it is text where text is wanted, in a body too", () => {
    const body = `{kind: webhook, url: "https://example.com", secret: "\${N}", body: {n: "\${N}", b: ["\${B}"]}}`;
    const config = readValid(withDestination(body), { env: { N: "12345", B: "true" } });
    expect(config.destinations[0]).toMatchObject({ secret: "12345", body: { n: "12345", b: ["true"] } });
  });

  test("text in quotes is no number", () => {
    expect(read(`${minimal}http: {connectionsMax: "50"}`).problems).toEqual([
      "5: http.connectionsMax must be a whole number from 1 to 1000000.",
    ]);
  });

  test("it reaches block scalars and what aliases repeat, once", () => {
    const text = `x-token: &token |-\n  \${TOKEN}\nadmin: {token: admin-${token}}
sources: {one: {kind: http, token: *token}, two: {kind: http, token: *token}}
destinations: {out: {kind: stdout}}`;
    const { sources } = readValid(text, { env: { TOKEN: "literal-${TOKEN}-token" } });
    const auth = { kind: "token", tokens: ["literal-${TOKEN}-token"] };
    expect(sources).toMatchObject([{ auth }, { auth }]);
  });

  test("names are not replaced", () => {
    const { problems } = read(`${minimal}log: {"\${KEY}": info}`, { env: { KEY: "level" } });
    expect(problems).toEqual(["5: There is no setting log.${KEY}; known here: level, format."]);
  });

  test("a value that cannot be put in is the only problem of its setting", () => {
    const text = `admin: {token: "\${ADMIN}"}
sources: {main: {kind: http, token: "\${file:none}"}}
destinations: {out: {kind: slack, url: "https://\${HOST}/x"}}
drain: \${DRAIN}
`;
    const { problems, config } = read(text, { folder: configFolder() });
    expect(config).toBeUndefined();
    expect(problems.map((problem) => problem.replace(/file \/.*\/none/, "file none"))).toEqual([
      "1: Substitution: the environment variable ADMIN is not set: set it, or write ${ADMIN:-default}.",
      "2: Substitution: the file none of ${file:…} does not exist.",
      "3: Substitution: the environment variable HOST is not set: set it, or write ${HOST:-default}.",
      "4: Substitution: the environment variable DRAIN is not set: set it, or write ${DRAIN:-default}.",
    ]);
  });

  test("what is put in has a limit altogether", () => {
    const list = Array.from({ length: 300 }, () => `"\${BIG}"`).join(",");
    const { problems } = read(`x-much: [${list}]\n${minimal}`, { env: { BIG: "x".repeat(60_000) } });
    expect(problems).toEqual(["1: Substitution makes more than 16777216 characters of this file."]);
  });
});

describe("whatever is put in", () => {
  const text = withDestination(
    `{kind: webhook, url: "https://example.com/", secret: "a\${VALUE}", body: {plain: "\${VALUE}", file: "x\${file:value}y"}}`,
  );
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({
      unit: fc.constantFrom(..."{}[]:,#&*!|>'\"%@`- \n\r\t$\\<".split(""), "drain", "${", "__proto__"),
    }),
    fc.constantFrom(
      "\nadmin: {openHealth: true}",
      "}, admin: {openHealth: true}",
      "*anchor",
      "null",
      "1e3",
      "~",
    ),
  );

  test("changes the text that it is part of and nothing else", () => {
    const folder = configFolder();
    const plain = readValid(text, { folder, env: { VALUE: "v" }, files: { value: "v" } });
    fc.assert(
      fc.property(hostile, (value) => {
        const written = value.toWellFormed();
        const config = readValid(text, { folder, env: { VALUE: value }, files: { value: written } });
        const [destination] = plain.destinations;
        const inFile = written.replace(/\r?\n$/, "");
        expect(config).toEqual({
          ...plain,
          destinations: [
            { ...destination, secret: `a${value}`, body: { plain: value, file: `x${inFile}y` } },
          ],
        });
      }),
    );
  });

  test("is never seen in a problem", () => {
    const anywhere = `rules: "\${V}"
logTypes: ["\${V}"]
admin: {token: "\${V}", listen: "\${V}", openHealth: "\${V}"}
sources: {main: {kind: "\${V}", token: "\${V}"}, two: {kind: http, logType: "\${V}", github: {secret: "\${V}"}, format: "\${V}"}}
destinations:
  one: {kind: webhook, url: "\${V}", headers: {A: "\${V}"}, timeout: "\${V}", rate: "\${V}", privateNetworks: "\${V}"}
  two: {kind: pagerduty, routingKey: "\${V}", severities: "\${V}"}
limits: {setBytesMax: "\${V}"}
drain: "\${V}"
`;
    const folder = configFolder();
    const secret = fc.string({ minLength: 3 }).map((value) => `hunter2\n${value}`);
    fc.assert(
      fc.property(secret, (value) => {
        const { problems, warnings } = read(anywhere, { folder, env: { V: value } });
        expect(problems).not.toEqual([]);
        expect([...problems, ...warnings].join("\n")).not.toContain("hunter2");
      }),
    );
  });
});
