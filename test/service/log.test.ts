import { PassThrough } from "node:stream";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { ServiceConfig } from "../../src/config/service-config.ts";
import { StakeoutError } from "../../src/core/errors.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { redact, redacted, redactText } from "../../src/service/log-redaction.ts";
import { createLog, createRulePrintLog, type Log, type LogOptions } from "../../src/service/log.ts";

const nowMs = Date.UTC(2026, 2, 2, 12);

/** A log and what it wrote. */
function openLog(overrides: Partial<LogOptions> = {}): {
  log: Log;
  lines: () => string[];
  text: () => string;
} {
  const chunks: Buffer[] = [];
  const stream = new PassThrough().on("data", (chunk: Buffer) => chunks.push(chunk));
  const clock = { nowMs: () => nowMs, monotonicMs: () => 0 };
  const log = createLog({ level: "info", format: "json", stream, isTTY: false, clock, ...overrides });
  const text = (): string => Buffer.concat(chunks).toString();
  return { log, text, lines: () => text().split("\n").slice(0, -1) };
}

describe("a line of JSON", () => {
  test("has time, level, message and the fields", () => {
    const { log, lines } = openLog();
    log.warn({ destination: "oncall", waiting: 3 }, "It fails.");
    expect(lines().map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        level: "warn",
        time: "2026-03-02T12:00:00.000Z",
        destination: "oncall",
        waiting: 3,
        message: "It fails.",
      },
    ]);
  });

  test("is one line whatever a field holds", () => {
    const { log, lines } = openLog();
    log.info({ title: "a\nb\r\u2028" }, "one\ntwo");
    expect(lines()).toHaveLength(1);
  });

  test("keeps fields apart from its own", () => {
    const { log, lines } = openLog();
    log.info({ level: "x", time: 1, message: "y" }, "real");
    expect(JSON.parse(lines()[0] ?? "")).toMatchObject({
      level: "info",
      message: "real",
      level_: "x",
      message_: "y",
    });
  });

  test("can be made of anything", () => {
    const { log, lines } = openLog();
    const circle: Record<string, unknown> = { big: 10n, map: new Map([["a", 1]]), nothing: undefined };
    circle["self"] = circle;
    log.info(circle, "ok");
    log.info({ many: Array.from({ length: 100_000 }, (_, index) => index), long: "x".repeat(1e6) }, "ok");
    expect(lines()).toHaveLength(2);
    expect(lines().every((line) => line.length < 20_000)).toBe(true);
  });
});

test.each([
  ["debug", ["debug", "info", "warn", "error"]],
  ["info", ["info", "warn", "error"]],
  ["error", ["error"]],
] as const)("the level %s lets through %j", (level, expected) => {
  const { log, lines } = openLog({ level });
  for (const each of ["debug", "info", "warn", "error"] as const) log[each]({}, "x");
  expect(lines().map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(expected);
});

describe("text", () => {
  test("has the same for people", () => {
    const { log, text } = openLog({ format: "text" });
    log.warn({ destination: "oncall", reason: "no answer" }, "It fails.");
    expect(text()).toBe('2026-03-02T12:00:00.000Z WARN  It fails.  destination=oncall reason="no answer"\n');
  });

  test.each([
    ["auto", true, false],
    ["auto", false, true],
    ["json", true, true],
    ["text", false, false],
  ] as const)("format %s on a terminal (%s)", (format, isTTY, expected) => {
    const { log, text } = openLog({ format, isTTY });
    log.info({}, "x");
    expect(text().startsWith("{")).toBe(expected);
  });

  test("shows control characters instead of sending them to a terminal", () => {
    const { log, text } = openLog({ format: "text" });
    log.info({ "a\u001b": "b\u001b[2J" }, "c\u001b]0;x\u0007");
    expect(text()).not.toContain("\u001b");
    expect(text()).toContain("\\x1b");
  });

  test("is in colour only where it is wanted", () => {
    const { log, text } = openLog({ format: "text", color: true });
    log.error({}, "x");
    expect(text()).toContain("\u001b[31m");
  });
});

describe("an error", () => {
  test("of ours is told with its code and fields, without a stack", () => {
    const { log, lines } = openLog();
    const error = new StakeoutError("OUTPUT_UNWRITABLE", "Cannot write.", {
      fields: { file: "x", token: "sesame" },
    });
    log.error({ error }, "x");
    expect(JSON.parse(lines()[0] ?? "")).toMatchObject({
      error: { code: "OUTPUT_UNWRITABLE", message: "Cannot write.", fields: { file: "x", token: redacted } },
    });
    expect(lines()[0]).not.toContain("stack");
  });

  test("that is unexpected is told with its stack and cause", () => {
    const { log, lines } = openLog();
    log.error({ error: new TypeError("odd", { cause: new Error("because") }) }, "x");
    const { error } = JSON.parse(lines()[0] ?? "") as { error: Record<string, unknown> };
    expect(error).toMatchObject({ name: "TypeError", message: "odd", cause: { message: "because" } });
    expect(error["stack"]).toContain("log.test.ts");
  });
});

/** A configuration in which every secret is the word `sesame` with a number. */
function configWithSecrets(): ServiceConfig {
  const route = { severities: undefined, logTypes: undefined, tags: undefined, enabled: true, closed: false };
  const shape = { logType: undefined, format: "auto", envelopeField: undefined } as const;
  const policy = {
    concurrencyMax: 4,
    perSecondMax: undefined,
    delayMs: 1000,
    delayMaxMs: 300_000,
    giveUpMs: 86_400_000,
    breakAfter: 5,
  };
  const requesting = { route, timeoutMs: 10_000, policy, privateNetworks: [] };
  const listener = { host: "127.0.0.1", port: 8480, tls: undefined };
  return {
    file: "/etc/stakeout/stakeout.yaml",
    rules: { paths: ["/etc/stakeout/rules"], watch: true, tests: true, staged: [] },
    logTypes: [],
    stateFile: "/var/lib/stakeout/stakeout.db",
    deadLettersFile: "/var/lib/stakeout/dead-letters.jsonl",
    spool: { folder: "/var/lib/stakeout/spool", backlogBytesMax: 1, idempotencyMs: 1 },
    ingest: {
      ...listener,
      bodyBytesMax: 1,
      contentBytesMax: 1,
      heldBytesMax: 1,
      requestMs: 1,
      connectionsMax: 1,
    },
    admin: { ...listener, token: "sesame01", openHealth: false },
    sources: [
      { ...shape, kind: "http", name: "one", auth: { kind: "token", tokens: ["sesame02", "sesame03"] } },
      { ...shape, kind: "http", name: "two", auth: { kind: "github", secret: "sesame04" } },
      { ...shape, kind: "http", name: "three", auth: { kind: "slack", secret: "sesame05" } },
    ],
    destinations: [
      {
        ...requesting,
        name: "hook",
        kind: "webhook",
        url: "https://user:sesame06@hooks.example/a/sesame07?key=sesame08#sesame09",
        headers: { "X-Api-Key": "sesame10", "X-Anything": "sesame11", "Content-Type": "application/json" },
        secret: "sesame12",
        body: { token: "sesame13", text: "{{title}}" },
      },
      { ...requesting, name: "chat", kind: "slack", url: "https://hooks.slack.com/services/T0/B0/sesame14" },
      {
        ...requesting,
        name: "oncall",
        kind: "pagerduty",
        routingKey: "sesame15",
        url: "https://events.pagerduty.com/v2/enqueue",
      },
    ],
    limits: defaultLimits,
    batch: { latencyMs: 200, bytesMax: 1 },
    log: { level: "info", format: "json" },
    drainMs: 10_000,
  };
}

describe("secrets", () => {
  test.each(["json", "text"] as const)("of a whole configuration are in no line (%s)", (format) => {
    const { log, text } = openLog({ format });
    const config = configWithSecrets();
    log.info({ config }, "configuration");
    log.info({ ...config }, "its fields");
    log.info({ destinations: config.destinations }, "parts of it");
    expect(text()).not.toContain("sesame");
    expect(text()).toContain("events.pagerduty.com");
    expect(text()).toContain("application/json");
  });

  test.each(["json", "text"] as const)("of a request are in no line (%s)", (format) => {
    const { log, text } = openLog({ format });
    const headers = {
      host: "localhost",
      authorization: "Bearer sesame1",
      "Proxy-Authorization": "Basic sesame2",
      cookie: "a=sesame3",
      "x-hub-signature-256": "sha256=sesame4",
      "x-slack-signature": "v0=sesame5",
      "x-forwarded-anything": "sesame6",
    };
    log.warn({ request: { method: "POST", url: "/v1/events/x?token=sesame7", headers } }, "refused");
    expect(text()).not.toContain("sesame");
    expect(text()).toContain("/v1/events/x");
  });

  test("in a message or an error are taken out with the address they stand in", () => {
    const { log, text } = openLog();
    const message = "connect ECONNREFUSED https://u:sesame@hooks.example:8443/services/sesame?x=sesame now";
    log.error({ error: new Error(message, { cause: new Error("Authorization: Bearer sesame.x") }) }, message);
    expect(text()).not.toContain("sesame");
    expect(text()).toContain("https://hooks.example:8443/… now");
  });

  test.each([
    ["token", true],
    ["adminToken", true],
    ["admin_token", true],
    ["tokens", true],
    ["X-Api-Key", true],
    ["routing_key", true],
    ["PASSWORD", true],
    ["key", false],
    ["idempotencyKey", false],
    ["dedup", false],
    ["tokenFile", false],
  ])("a field named %s is one: %s", (name, expected) => {
    expect(redact({ [name]: "value" })).toEqual({ [name]: expected ? redacted : "value" });
  });

  test("are found at any depth, in whatever they are wrapped", () => {
    const secret = "sesame";
    const wrapped = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(
          { token: secret },
          { headers: { "X-Key": secret } },
          `https://${secret}:${secret}@example.org/${secret}`,
          { auth: { kind: "token", tokens: [secret] } },
        ),
        fc.dictionary(fc.string(), tie("value")),
        fc.array(tie("value")),
        tie("value").map((value) => new Map([["inner", value]])),
      ),
    })).value;
    fc.assert(
      fc.property(wrapped, (value) => {
        expect(JSON.stringify(redact({ value }))).not.toContain(secret);
      }),
    );
  });

  test.each([
    ["see https://example.org", "see https://example.org"],
    ["see https://example.org/", "see https://example.org"],
    ["(https://example.org/a)", "(https://example.org/…"],
    ["a Bearer abc.def, b", `a Bearer ${redacted}, b`],
    ["nothing to hide", "nothing to hide"],
  ])("%j becomes %j", (text, expected) => {
    expect(redactText(text)).toBe(expected);
  });
});

describe("what rules print", () => {
  function printed(...pieces: readonly (readonly [string, string | undefined])[]): unknown[] {
    const { log, lines } = openLog();
    const write = createRulePrintLog(log);
    for (const [text, rule] of pieces) write(text, rule);
    return lines().map((line) => {
      const { rule, printed: text } = JSON.parse(line) as Record<string, unknown>;
      return rule === undefined ? text : [rule, text];
    });
  }

  test("is logged with the rule, a line each", () => {
    expect(printed(["one\ntwo\n", "Rule.A"])).toEqual([
      ["Rule.A", "one"],
      ["Rule.A", "two"],
    ]);
  });

  test("is put together where it comes in pieces", () => {
    expect(printed(["he", undefined], ["llo\nwor", undefined], ["ld\n", undefined])).toEqual([
      "hello",
      "world",
    ]);
  });

  test("of one rule does not run into that of another", () => {
    expect(printed(["from a", "Rule.A"], ["from b\n", "Rule.B"])).toEqual([
      ["Rule.A", "from a"],
      ["Rule.B", "from b"],
    ]);
  });

  test("without a line end is not kept without bound", () => {
    expect(printed(["x".repeat(9000), undefined])).toHaveLength(1);
  });
});
