import { join } from "node:path";

import { describe, expect, test } from "vitest";

import {
  loadServiceConfig,
  readServiceConfig,
} from "../../../src/config/service-file/read-service-config.ts";
import { StakeoutError } from "../../../src/core/errors.ts";
import { defaultLimits } from "../../../src/core/limits.ts";
import { configFolder, minimal, read, readValid, token, withSource } from "./fixtures.ts";

describe("a short file", () => {
  test("has every other setting by default, paths in its folder", () => {
    const folder = configFolder();
    const at = (path: string): string => join(folder, path);
    expect(readValid(minimal, { folder })).toEqual({
      file: at("stakeout.yaml"),
      rules: { paths: [at("rules")], watch: true, tests: true, staged: [] },
      logTypes: [],
      stateFile: at("stakeout.db"),
      deadLettersFile: at("stakeout.dead-letters.jsonl"),
      spool: { folder: at("stakeout.spool"), backlogBytesMax: 1024 ** 3, idempotencyMs: 86_400_000 },
      ingest: {
        host: "127.0.0.1",
        port: 8480,
        tls: undefined,
        bodyBytesMax: 16 * 1024 ** 2,
        contentBytesMax: 64 * 1024 ** 2,
        heldBytesMax: 256 * 1024 ** 2,
        requestMs: 30_000,
        connectionsMax: 20_000,
      },
      admin: {
        host: "127.0.0.1",
        port: 8481,
        tls: undefined,
        token: `admin-${token}`,
        openHealth: false,
      },
      sources: [
        {
          name: "main",
          kind: "http",
          logType: undefined,
          format: "auto",
          envelopeField: undefined,
          auth: { kind: "token", tokens: [token] },
        },
      ],
      destinations: [
        {
          name: "out",
          kind: "stdout",
          format: "json",
          route: {
            severities: undefined,
            logTypes: undefined,
            tags: undefined,
            enabled: true,
            closed: false,
          },
        },
      ],
      limits: defaultLimits,
      batch: { latencyMs: 200, bytesMax: 64 * 1024 ** 2 },
      log: { level: "info", format: "auto" },
      drainMs: 10_000,
    });
  });

  test("has neither problems nor warnings", () => {
    expect(read(minimal)).toMatchObject({ problems: [], warnings: [] });
  });
});

describe("sections", () => {
  test.each([
    ["rules: own", ["own"]],
    ["rules: [one, two.ts]", ["one", "two.ts"]],
    ["rules: {paths: own}", ["own"]],
    ["rules: {watch: false}", ["rules"]],
  ])("%s", (text, paths) => {
    const folder = configFolder();
    const { rules } = readValid(`${minimal}${text}`, { folder });
    expect(rules.paths).toEqual(paths.map((path) => join(folder, path)));
  });

  test("rules may be staged and neither watched nor tested", () => {
    const { rules } = readValid(`${minimal}rules: {watch: false, tests: false, staged: "AWS.*"}`);
    expect(rules).toMatchObject({ watch: false, tests: false, staged: ["AWS.*"] });
  });

  test("the state names the files beside it", () => {
    const { stateFile, deadLettersFile, spool } = readValid(`${minimal}state: /data/own.sqlite`);
    expect([stateFile, deadLettersFile, spool.folder]).toEqual([
      "/data/own.sqlite",
      "/data/own.dead-letters.jsonl",
      "/data/own.spool",
    ]);
  });

  test.each([
    ["10.1.2.3:80", { host: "10.1.2.3", port: 80 }],
    ["'[::1]:8480'", { host: "::1", port: 8480 }],
    ["localhost:0", { host: "localhost", port: 0 }],
  ])("http.listen: %s", (listen, address) => {
    expect(readValid(`${minimal}http: {listen: ${listen}}`).ingest).toMatchObject(address);
  });

  test.each(["8480", "localhost", "':8480'", "::1:80", "256.0.0.1:80", "a:65536", "'[10.0.0.1]:80'"])(
    "http.listen: %s is refused",
    (listen) => {
      expect(read(`${minimal}http: {listen: ${listen}}`).problems).toHaveLength(1);
    },
  );

  test("certificate and key are files that exist", () => {
    const files = { "tls/cert.pem": "", "tls/key.pem": "" };
    const folder = configFolder();
    const text = `${minimal}http: {tls: {cert: tls/cert.pem, key: tls/key.pem}}`;
    expect(readValid(text, { folder, files }).ingest.tls).toEqual({
      certFile: join(folder, "tls/cert.pem"),
      keyFile: join(folder, "tls/key.pem"),
    });
  });

  test("a certificate that is not there is a problem, and a folder is none", () => {
    const text = `${minimal}http: {tls: {cert: cert.pem, key: rules}}`;
    expect(read(text, { files: { "rules/one.ts": "" } }).problems).toEqual([
      "5: http.tls.cert is a file that does not exist.",
      "5: http.tls.key is a file that does not exist.",
    ]);
  });

  test.each([
    ["200ms", 200],
    ["5s", 5000],
    ["7", 7000],
    ["1m30s", 90_000],
  ])("drain: %s", (written, ms) => {
    expect(readValid(`${minimal}drain: ${written}`).drainMs).toBe(ms);
  });

  test.each(["2h", "-1", "soon", "10 parsecs", "true", "[1s]"])("drain: %s is refused", (written) => {
    expect(read(`${minimal}drain: ${written}`).problems).toEqual([
      "5: drain must be a duration from 0ms to 1h, such as 90s or 1h30m.",
    ]);
  });

  test.each([
    ["65536", 65_536],
    ["1MB", 1_000_000],
    ["1.5 MiB", 1_572_864],
  ])("batch.bytesMax: %s", (written, bytes) => {
    expect(readValid(`${minimal}batch: {bytesMax: ${written}}`).batch.bytesMax).toBe(bytes);
  });

  test.each(["1KiB", "2GiB", "1.5", "much", "16mib", "1e400"])("batch.bytesMax: %s is refused", (written) => {
    expect(read(`${minimal}batch: {bytesMax: ${written}}`).problems).toEqual([
      "5: batch.bytesMax must be a size from 64KiB to 1GiB, such as 16MiB.",
    ]);
  });

  test("limits are given by name, as sizes and durations", () => {
    const text = `${minimal}limits: {recordBytesMax: 1MiB, ruleBudgetMs: 5s, alertsPerHourMax: 100}`;
    expect(readValid(text).limits).toEqual({
      ...defaultLimits,
      recordBytesMax: 1024 ** 2,
      ruleBudgetMs: 5000,
      alertsPerHourMax: 100,
    });
  });

  test.each([
    ["{alertsPerHourMax: 0}", "limits.alertsPerHourMax must be a whole number from 1 to 1000000000."],
    ["{alertsPerHourMax: 1.5}", "limits.alertsPerHourMax must be a whole number from 1 to 1000000000."],
    ["{alertPerHourMax: 5}", "There is no setting limits.alertPerHourMax; did you mean alertsPerHourMax?"],
  ])("limits: %s is refused", (written, message) => {
    expect(read(`${minimal}limits: ${written}`).problems).toEqual([`5: ${message}`]);
  });
});

describe("YAML", () => {
  test("sections that begin with x- are not looked at, and lend their anchors", () => {
    const text = `${minimal}x-short: &short {latency: 50ms}\nbatch:\n  <<: *short\n  bytesMax: 1MiB\n`;
    expect(readValid(text).batch).toEqual({ latencyMs: 50, bytesMax: 1024 ** 2 });
  });

  test("a problem of a setting that was taken over names the place that takes it", () => {
    const text = `${minimal}x-short: &short {latency: soon}\nbatch:\n  <<: *short\n`;
    expect(read(text).problems).toEqual([
      "6: batch.latency must be a duration from 1ms to 1m, such as 90s or 1h30m.",
    ]);
  });

  test.each([
    ["a: [1", "2: YAML: Flow sequence in block collection must be sufficiently indented and end with a ]"],
    ["a: !!binary x", "2: YAML: A tag (!name) cannot be used here"],
    ["---\nb: 1", "2: YAML: The file has more than one document: remove the line ---"],
  ])("%s is told with its line", (text, message) => {
    expect(read(`drain: 1s\n${text}`).problems.join()).toContain(message);
  });

  test("a syntax error does not repeat what stands there", () => {
    const { problems } = read(`admin: {token: hunter2-${token}} }hunter2\n"hunter2\n`);
    expect(problems).not.toEqual([]);
    expect(problems.join()).not.toContain("hunter2");
  });

  test.each(["[", "{a: ", "- ", "? "])("%j again and again is nested too deeply", (open) => {
    expect(read(open.repeat(5000)).problems).toEqual(["1: YAML: The file is nested too deeply"]);
  });

  test("a reference without quotes in a flow map is explained", () => {
    expect(read("admin: {token: ${TOKEN}}\n").problems).toEqual([
      '1: YAML: Unexpected flow-map-start at node end. Between { } and [ ] a text with ${…} needs quotes: "${NAME}"',
    ]);
  });

  test.each([
    ["drain: 1s\ndrain: 2s\n", "drain is given twice."],
    ["__proto__: {drain: 1s}\ndrain: 2s\n", "There is no setting __proto__."],
    ["log: {level: info, __proto__: {level: debug}}\n", "There is no setting __proto__."],
    ["limits: {__proto__: {}}\n", "There is no setting __proto__."],
    ["log: {constructor: 1}\n", "There is no setting log.constructor; known here: level, format."],
    ["toString: 1\n", "There is no setting toString; known here: rules,"],
    ["batch: {1: a, '1': b}\n", "1 is given twice."],
    ["? [a, b]\n: c\n", "The name of a setting must be text."],
  ])("%s is a problem", (text, message) => {
    const { problems } = read(`${minimal}${text}`);
    expect(problems.join()).toContain(message);
    expect(Object.hasOwn(Object.prototype, "drain")).toBe(false);
  });

  test.each([
    ["", "1: The file must be a map of settings, such as rules: rules."],
    ["just text", "1: The file must be a map of settings, such as rules: rules."],
    ["- a\n- b\n", "1: The file must be a map of settings, such as rules: rules."],
    ["a: *missing", "1: YAML: Unresolved alias (the anchor must be set before the alias): missing"],
  ])("a file with %s", (text, problem) => {
    expect(read(text).problems).toEqual([problem]);
  });

  test("aliases that would grow beyond all bounds are a problem", () => {
    const level = (name: string, inner: string): string =>
      `x-${name}: &${name} [${Array.from({ length: 9 }, () => inner).join(",")}]\n`;
    let text = level("a", "1");
    for (const [from, to] of ["ab", "bc", "cd", "de", "ef", "fg", "gh"]) text += level(to ?? "", `*${from}`);
    expect(read(`${text}${minimal}`).problems).toEqual([
      "1: YAML: Excessive alias count indicates a resource exhaustion attack",
    ]);
  });
});

describe("a file that cannot be read", () => {
  test("does not exist", () => {
    const file = join(configFolder(), "none.yaml");
    const message = "There is no such file; name another one with -c FILE.";
    expect(readServiceConfig(file, {}).problems).toEqual([{ file, line: 0, message }]);
  });

  test("is a folder", () => {
    const [problem] = readServiceConfig(configFolder(), {}).problems;
    expect(problem?.message).toMatch(/^The file cannot be read: EISDIR/);
  });

  test("is too long", () => {
    expect(read(`# ${"x".repeat(128 * 1024)}`).problems).toEqual([
      "0: The file has 131074 bytes; 131072 are allowed.",
    ]);
  });

  test("is not UTF-8", () => {
    const folder = configFolder();
    read(minimal, { folder, files: { "latin.yaml": Buffer.from("drain: \xe9", "latin1") } });
    const [problem] = readServiceConfig(join(folder, "latin.yaml"), {}).problems;
    expect(problem?.message).toBe("The file is not UTF-8.");
  });
});

describe("problems", () => {
  test("are all told at once, by line", () => {
    const text = `rules: [rules, 5]
drian: 10s
admin: {openHealth: "yes"}
http:
  listen: nowhere
sources:
  one: {kind: htpp}
  two: {kind: http}
  three: {kind: files, from: middle}
  "a b": {kind: http, auth: none}
destinations:
  hook: {kind: webhook, url: "ftp://example.com"}
  file: {path: x}
  note: text
`;
    expect(read(text).problems).toEqual([
      "1: rules.1 must be text: put it in quotes.",
      "2: There is no setting drian; did you mean drain?",
      "3: admin.token is missing.",
      "3: admin.openHealth must be true or false.",
      "5: http.listen must be HOST:PORT, such as 127.0.0.1:8480, [::1]:8480 or 0.0.0.0:8480.",
      "7: sources.one.kind must be http or files; did you mean http?",
      "8: sources.two does not say who may send: write token, tokens, github, slack or, for anybody, auth: none.",
      "9: sources.three.paths is missing.",
      "9: sources.three.from must be start or end.",
      "10: sources.a b is not a usable name: letters, digits, -, _ and ., at most 64.",
      "12: destinations.hook.url must be an address that begins with https:// or http://.",
      "13: destinations.file.kind is missing: it is webhook, slack, pagerduty, file or stdout.",
      "14: destinations.note must be a map of settings, such as {kind: …}.",
    ]);
  });

  test("beyond a hundred are counted", () => {
    const { problems } = read(Array.from({ length: 150 }, (_, index) => `s${index}: 1`).join("\n"));
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)).toBe("0: There are 52 more problems.");
  });

  test.each([
    ["token:", "2: sources.main.token is empty: give a value, or remove the line."],
    ["token: ''", "2: sources.main.token is empty."],
    ["token: 12345678901234567890", "2: sources.main.token must be text: put it in quotes."],
    ["token: {a: 1}", "2: sources.main.token must be text."],
    ["token: 'with blanks in between it'", "must be visible ASCII characters without blanks."],
  ])("%s", (setting, message) => {
    const text = `admin: {token: admin-${token}}\nsources: {main: {kind: http, ${setting}}}\ndestinations: {out: {kind: stdout}}`;
    const { problems } = read(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
  });

  test.each([
    ["sources:", "2: sources must be a map of names, such as sources: {main: {kind: …}}."],
    ["sources: []", "2: sources must be a map of names, such as sources: {main: {kind: …}}."],
    ["sources: text", "2: sources must be a map of names, such as sources: {main: {kind: …}}."],
    ["sources: {}", "2: There is no source: no events could come in."],
    ["drain: 1s", "1: There is no source: no events could come in."],
  ])("%s", (sources, problem) => {
    expect(read(`admin: {token: admin-${token}}\n${sources}\n`).problems).toEqual([problem]);
  });

  test("an admin without anything lacks its token", () => {
    expect(read("sources: {main: {kind: files, paths: x}}").problems).toEqual(["1: admin.token is missing."]);
  });
});

describe("loadServiceConfig", () => {
  test("answers a configuration and its warnings", () => {
    const folder = configFolder();
    read(withSource(`{kind: http, token: short}`), { folder });
    const { config, warnings } = loadServiceConfig(join(folder, "stakeout.yaml"), {});
    expect(config.sources).toHaveLength(1);
    expect(warnings).toHaveLength(1);
  });

  test("throws all problems as one error", () => {
    const folder = configFolder();
    read(`${minimal}drian: 1s\ndrain: soon\n`, { folder });
    const file = join(folder, "stakeout.yaml");
    const load = (): unknown => loadServiceConfig(file, {});
    expect(load).toThrow(StakeoutError);
    expect(load).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        fields: { file, problems: 2 },
        message: `The configuration has problems:
  ${file}:5: There is no setting drian; did you mean drain?
  ${file}:6: drain must be a duration from 0ms to 1h, such as 90s or 1h30m.`,
      }),
    );
  });
});
