import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { inspectServiceConfig } from "../../../src/config/service-file/read-service-config.ts";
import { configFolder, minimal, read, token, withDestination, withSource } from "./fixtures.ts";

describe("tokens", () => {
  test("that of admin must not be one of a source, also in a source with other problems", () => {
    const text = `admin: {token: "${token}"}
sources:
  one: {kind: http, tokens: [other-${token}, "${token}"]}
  two: {kind: http, token: "\${SAME}", format: wrong}
  three: {kind: http, slack: {secret: "${token}"}}
destinations: {out: {kind: stdout}}
`;
    const reason = "is the token of admin, too: whoever sends events could administer.";
    expect(read(text, { env: { SAME: token } }).problems).toEqual([
      `3: sources.one.tokens.1 ${reason}`,
      "4: sources.two.format must be auto, lines, array, envelope or documents.",
      `4: sources.two.token ${reason}`,
      `5: sources.three.slack.secret ${reason}`,
    ]);
  });

  test.each([
    ["token: short", "token"],
    ["tokens: short", "tokens"],
    ["tokens: [short]", "tokens.0"],
    ["github: {secret: short}", "github.secret"],
    ["slack: {secret: short}", "slack.secret"],
  ])("a short one is a warning on loopback and a problem elsewhere: %s", (setting, path) => {
    const text = withSource(`{kind: http, ${setting}}`);
    const message = `3: sources.main.${path} has fewer than 16 characters, which can be guessed`;
    expect(read(text)).toMatchObject({ problems: [], warnings: [`${message}.`] });
    expect(read(`${text}http: {listen: 0.0.0.0:8480}`).problems).toEqual([
      `${message}: make one with openssl rand -hex 32.`,
    ]);
  });

  test.each([
    ["127.0.0.1", 0],
    ["127.8.8.8", 0],
    ["localhost", 0],
    ["[::1]", 0],
    ["127.example.com", 1],
    ["192.168.1.1", 1],
    ["[::]", 1],
  ])("a short one of admin, listening on %s", (host, problems) => {
    const text = minimal.replace(`token: admin-${token}`, `token: short, listen: "${host}:8481"`);
    expect(read(text).problems).toHaveLength(problems);
  });
});

describe("listeners", () => {
  test("need an address each", () => {
    expect(read(`${minimal}http: {listen: 127.0.0.1:8481}`).problems).toEqual([
      "2: admin.listen is the address of http.listen; each needs one of its own.",
    ]);
  });

  test("may both take any port", () => {
    const text = `${minimal.replace("admin: {", "admin: {listen: 127.0.0.1:0, ")}http: {listen: 127.0.0.1:0}`;
    expect(read(text).problems).toEqual([]);
  });

  test("that others reach should have tls", () => {
    const text = `${minimal}http: {listen: 0.0.0.0:8480}`;
    expect(read(text).warnings).toEqual([
      "5: http listens on 0.0.0.0 without tls: tokens can be read on their way.",
    ]);
    const tls = text.replace("8480}", "8480, tls: {cert: c, key: k}}");
    expect(read(tls, { files: { c: "", k: "" } })).toMatchObject({ problems: [], warnings: [] });
  });

  test.each(["0.0.0.0:8480", "127.0.0.1:8481"])(
    "that of events may be %s where no source needs it",
    (listen) => {
      const text = withSource("{kind: files, paths: x}", `http: {listen: ${listen}}`);
      expect(read(text)).toMatchObject({ problems: [], warnings: [] });
    },
  );

  test("a source that takes events from anybody is told where anybody can come", () => {
    const text = withSource("{kind: http, auth: none}");
    expect(read(text).warnings).toEqual([]);
    expect(read(`${text}http: {listen: 0.0.0.0:8480}`).warnings).toContain(
      "3: sources.main takes events from anybody who reaches 0.0.0.0.",
    );
  });
});

describe("sizes", () => {
  test.each([
    ["bodyBytesMax: 100MiB", "5: http.bodyBytesMax must not be more than http.contentBytesMax."],
    ["contentBytesMax: 300MiB", "5: http.contentBytesMax must not be more than http.heldBytesMax."],
  ])("%s", (setting, problem) => {
    expect(read(`${minimal}http: {${setting}}`).problems).toEqual([problem]);
  });

  test("a spool that is too small for a body is a warning", () => {
    expect(read(`${minimal}spool: {backlogBytesMax: 1MiB}`).warnings).toEqual([
      "5: spool.backlogBytesMax is less than http.contentBytesMax: the longest bodies never fit.",
    ]);
  });
});

describe("files", () => {
  test.each([
    ["./stakeout.db", "state"],
    ["stakeout.yaml", "this file"],
    ["dead.jsonl", "deadLetters"],
    ["sub/../spool", "spool.folder"],
    ["one.jsonl", "destinations.one.path"],
  ])("a destination must not write %s", (path, owner) => {
    const text = `admin: {token: admin-${token}}
sources: {main: {kind: http, token: ${token}}}
deadLetters: dead.jsonl
spool: {folder: spool}
destinations:
  one: {kind: file, path: one.jsonl}
  two: {kind: file, path: ${path}}
`;
    expect(read(text).problems).toEqual([
      `7: destinations.two.path is the file of ${owner}; each needs one of its own.`,
    ]);
  });

  test("the state must be one", () => {
    expect(read(`${minimal}state: ":memory:"`).problems).toEqual([
      "5: state must be a file: what was accepted has to survive a restart.",
    ]);
  });

  test("rules and log types are looked for only where that is wanted", () => {
    const folder = configFolder();
    const text = `${minimal}rules: [here, gone]\nlogTypes: [away]\n`;
    expect(read(text, { folder, files: { "here/rule.ts": "" } }).problems).toEqual([]);
    const { problems } = inspectServiceConfig(join(folder, "stakeout.yaml"), {}, { contentPaths: true });
    expect(problems.map(({ line, message }) => `${line}: ${message}`)).toEqual([
      `5: rules: there is no file or folder ${join(folder, "gone")}.`,
      `6: logTypes: there is no file or folder ${join(folder, "away")}.`,
    ]);
  });
});

describe("addresses of destinations", () => {
  test("none at all is a warning", () => {
    const text = `admin: {token: admin-${token}}\nsources: {main: {kind: http, token: ${token}}}\n`;
    expect(read(text)).toMatchObject({
      problems: [],
      warnings: ["1: There is no destination: alerts are kept in the state and told to nobody."],
    });
  });

  test.each(["127.0.0.1", "10.1.2.3:8080", "169.254.169.254", "[::1]", "[fd12::1]"])(
    "%s is private, so it has to be allowed",
    (host) => {
      const text = withDestination(`{kind: webhook, url: "https://${host}/"}`);
      expect(read(text).problems.join()).toContain("4: destinations.out.url: The URL leads to");
      const allowed = text.replace('/"}', `/", privateNetworks: [0.0.0.0/0, "::/0"]}`);
      expect(read(allowed)).toMatchObject({ problems: [], warnings: [] });
    },
  );

  test("http: is a warning, except on this machine", () => {
    expect(read(withDestination(`{kind: slack, url: "http://example.com/"}`)).warnings).toEqual([
      "4: destinations.out.url begins with http: and not https:, so alerts can be read on their way.",
    ]);
    const local = `{kind: slack, url: "http://127.0.0.1/", privateNetworks: 127.0.0.0/8}`;
    expect(read(withDestination(local)).warnings).toEqual([]);
  });
});
