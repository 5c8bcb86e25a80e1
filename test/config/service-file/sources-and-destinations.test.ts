import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { configFolder, read, readValid, token, withDestination, withSource } from "./fixtures.ts";

describe("sources", () => {
  test.each([
    [`token: ${token}`, { kind: "token", tokens: [token] }],
    [`tokens: ${token}`, { kind: "token", tokens: [token] }],
    [`tokens: [${token}, ${token}2]`, { kind: "token", tokens: [token, `${token}2`] }],
    [`github: {secret: ${token}}`, { kind: "github", secret: token }],
    [`slack: {secret: ${token}}`, { kind: "slack", secret: token }],
    ["auth: none", { kind: "none" }],
  ])("an HTTP source with %s", (setting, auth) => {
    expect(readValid(withSource(`{kind: http, ${setting}}`)).sources).toMatchObject([{ kind: "http", auth }]);
  });

  test("the shape of its records", () => {
    const text = withSource(
      `{kind: http, token: ${token}, logType: Okta.SystemLog, format: envelope, envelope: items}`,
    );
    expect(readValid(text).sources).toMatchObject([
      { logType: "Okta.SystemLog", format: "envelope", envelopeField: "items" },
    ]);
  });

  test("files, with patterns, from the folder of the configuration", () => {
    const folder = configFolder();
    const text = withSource("{kind: files, paths: [logs/**/*.json, /var/log/x], from: end}");
    expect(readValid(text, { folder }).sources).toEqual([
      {
        name: "main",
        kind: "files",
        paths: [join(folder, "logs/**/*.json"), "/var/log/x"],
        from: "end",
        logType: undefined,
        format: "auto",
        envelopeField: undefined,
      },
    ]);
  });

  test.each([
    [
      `{kind: http, token: ${token}, auth: none}`,
      "3: sources.main must have one of token or auth, not several.",
    ],
    [`{kind: http, auth: any}`, "3: sources.main.auth must be none."],
    [`{kind: http, tokens: []}`, "3: sources.main.tokens is empty."],
    [`{kind: http, tokens: [${token}, 5]}`, "3: sources.main.tokens.1 must be text: put it in quotes."],
    [`{kind: http, github: ${token}}`, "3: sources.main.github must be a map of settings."],
    [`{kind: http, github: {token: x}}`, "3: sources.main.github.secret is missing."],
    [`{kind: http, token: ${token}, paths: x}`, "3: There is no setting sources.main.paths; known here:"],
    [`{kind: files, paths: ~/logs}`, "3: sources.main.paths must be a path; write ${HOME} for ~."],
    [`{kind: files, paths: "a\\0b"}`, "3: sources.main.paths must be a path; write ${HOME} for ~."],
    [`{kind: files, paths: x, token: ${token}}`, "3: There is no setting sources.main.token; known here:"],
    [
      `{kind: http, token: ${token}, logType: AWS.Cloudtrail}`,
      "3: sources.main.logType is no log type; did you mean AWS.CloudTrail?",
    ],
  ])("%s is refused", (source, message) => {
    expect(read(withSource(source)).problems.join("\n")).toContain(message);
  });

  test.each(["..", ".hidden", "a/b", "ü", "a b", "x".repeat(65)])("the name %s is refused", (name) => {
    const text = withSource(`{kind: http, token: ${token}}\n  "${name}": {kind: http, token: ${token}}`);
    expect(read(text).problems).toEqual([
      `4: sources.${name} is not a usable name: letters, digits, -, _ and ., at most 64.`,
    ]);
  });
});

describe("log types", () => {
  const own = { "log-types/own.yaml": "name: Own.Type\nrecognise: [{field: own, exists: true}]\n" };

  test("one of the user's own exists", () => {
    const text = withSource(`{kind: http, token: ${token}, logType: Own.Type}`, "logTypes: log-types\n");
    expect(readValid(text, { files: own }).sources[0]?.logType).toBe("Own.Type");
  });

  test("where own ones cannot be loaded, none is called unknown", () => {
    const text = withSource(`{kind: http, token: ${token}, logType: Own.Type}`, "logTypes: log-types\n");
    expect(read(text).problems).toEqual([]);
  });

  test("one that a destination names and that does not exist is a warning", () => {
    const text = withDestination(`{kind: stdout, logTypes: ["AWS.*", AWS.Cloudtrail]}`);
    expect(read(text)).toMatchObject({
      problems: [],
      warnings: [
        "4: destinations.out.logTypes names a log type that there is not; did you mean AWS.CloudTrail?",
      ],
    });
  });
});

const requesting = {
  timeoutMs: 10_000,
  policy: {
    concurrencyMax: 4,
    perSecondMax: undefined,
    delayMs: 1000,
    delayMaxMs: 300_000,
    giveUpMs: 86_400_000,
    breakAfter: 5,
  },
  privateNetworks: [],
};

const everything = {
  severities: undefined,
  logTypes: undefined,
  tags: undefined,
  enabled: true,
  closed: false,
};

describe("destinations", () => {
  test.each([
    [
      "{kind: webhook, url: https://example.com/x}",
      {
        kind: "webhook",
        url: "https://example.com/x",
        headers: {},
        secret: undefined,
        body: undefined,
        ...requesting,
      },
    ],
    [
      "{kind: slack, url: https://hooks.slack.com/x}",
      { kind: "slack", url: "https://hooks.slack.com/x", ...requesting },
    ],
    [
      "{kind: pagerduty, routingKey: abc}",
      {
        kind: "pagerduty",
        routingKey: "abc",
        url: "https://events.pagerduty.com/v2/enqueue",
        ...requesting,
      },
    ],
    ["{kind: stdout, format: text}", { kind: "stdout", format: "text" }],
  ])("%s", (destination, config) => {
    expect(readValid(withDestination(destination)).destinations).toEqual([
      { name: "out", ...config, route: everything },
    ]);
  });

  test("a file is told when alerts are closed, unless it says otherwise", () => {
    const folder = configFolder();
    const text = `${withDestination("{kind: file, path: alerts.jsonl}")}  other: {kind: file, path: other.jsonl, closed: false}\n`;
    expect(readValid(text, { folder }).destinations).toMatchObject([
      { path: join(folder, "alerts.jsonl"), route: { closed: true } },
      { path: join(folder, "other.jsonl"), route: { closed: false } },
    ]);
  });

  test("which alerts it gets", () => {
    const text = withDestination(
      `{kind: stdout, severities: [high, critical], logTypes: "AWS.*", tags: [a, b], enabled: false, closed: true}`,
    );
    expect(readValid(text).destinations[0]?.route).toEqual({
      severities: ["high", "critical"],
      logTypes: ["AWS.*"],
      tags: ["a", "b"],
      enabled: false,
      closed: true,
    });
  });

  test("how it is treated", () => {
    const text = withDestination(
      "{kind: slack, url: https://example.com, timeout: 3s, retry: {delay: 2s, delayMax: 1m, giveUp: 1h}, " +
        "rate: 0.5, concurrency: 2, breakAfter: 9, privateNetworks: [10.0.0.0/8, 'fd00::/8']}",
    );
    expect(readValid(text).destinations[0]).toMatchObject({
      timeoutMs: 3000,
      policy: {
        concurrencyMax: 2,
        perSecondMax: 0.5,
        delayMs: 2000,
        delayMaxMs: 60_000,
        giveUpMs: 3_600_000,
        breakAfter: 9,
      },
      privateNetworks: ["10.0.0.0/8", "fd00::/8"],
    });
  });

  test("what a webhook sends", () => {
    const text = withDestination(
      `{kind: webhook, url: https://example.com, headers: {X-Team: cloud}, secret: s, body: [{a: 1, b: null, c: true}]}`,
    );
    expect(readValid(text).destinations[0]).toMatchObject({
      headers: { "X-Team": "cloud" },
      secret: "s",
      body: [{ a: 1, b: null, c: true }],
    });
  });

  const hook = "kind: webhook, url: https://example.com";

  test.each([
    ["{kind: webhook}", "4: destinations.out.url is missing."],
    [
      "{kind: webhook, url: example.com}",
      "4: destinations.out.url must be an address that begins with https:// or",
    ],
    [
      "{kind: webhook, url: 'https://a b'}",
      "4: destinations.out.url must be an address that begins with https:// or",
    ],
    ["{kind: pagerduty, routingKey: a b}", "routingKey must be visible ASCII characters without blanks."],
    [
      `{${hook}, headers: {Host: x}}`,
      "4: destinations.out.headers.Host: The header Host cannot be configured, because Stakeout sets it.",
    ],
    [`{${hook}, headers: {"a b": x}}`, '4: destinations.out.headers.a b: "a b" is not the name of a header.'],
    [
      `{${hook}, headers: {a: "b\\nc"}}`,
      "4: destinations.out.headers.a: The value of the header a holds characters that headers cannot hold, such as a line break.",
    ],
    [`{${hook}, headers: [a]}`, "4: destinations.out.headers must be a map of names."],
    [
      `{${hook}, body: {a: "{{titel}}"}}`,
      '4: destinations.out.body: {{titel}} stands for nothing: an alert has no field "titel".',
    ],
    [
      "{kind: webhook, url: 'https://user:hunter2@example.com/'}",
      "4: destinations.out.url: The URL at example.com holds a user name or password.",
    ],
    [`{${hook}, body: .nan}`, "4: destinations.out.body must be what JSON can hold: no .nan and no .inf."],
    [`{${hook}, body: }`, "4: destinations.out.body is empty: give a value, or remove the line."],
    [`{${hook}, secret: }`, "4: destinations.out.secret is empty: give a value, or remove the line."],
    [`{${hook}, severities: [HIGH]}`, "severities.0 must be info, low, medium, high or critical."],
    [`{${hook}, severities: []}`, "4: destinations.out.severities is empty."],
    [
      `{${hook}, retry: {delay: 1m, delayMax: 1s}}`,
      "4: destinations.out.retry.delayMax must not be less than delay.",
    ],
    [`{${hook}, rate: 0}`, "4: destinations.out.rate must be a number from 0.001 to 100000."],
    [`{${hook}, rate: fast}`, "4: destinations.out.rate must be a number from 0.001 to 100000."],
    [
      `{${hook}, concurrency: 1001}`,
      "4: destinations.out.concurrency must be a whole number from 1 to 1000.",
    ],
    [`{${hook}, privateNetworks: 10.0.0}`, "4: destinations.out.privateNetworks must be a network such as"],
    [
      `{${hook}, privateNetworks: [10.0.0.0/33]}`,
      "4: destinations.out.privateNetworks.0 must be a network such as",
    ],
    [
      `{${hook}, privateNetworks: ["::1/129"]}`,
      "4: destinations.out.privateNetworks.0 must be a network such as",
    ],
    [`{kind: stdout, timeout: 1s}`, "4: There is no setting destinations.out.timeout; known here:"],
  ])("%s is refused", (destination, message) => {
    expect(read(withDestination(destination)).problems.join("\n")).toContain(message);
  });

  test.each(["On-Call (EU)", "Ü", "x".repeat(100)])("may be called %s", (name) => {
    const text = withDestination("{kind: stdout}").replace("out:", `"${name}":`);
    expect(readValid(text).destinations).toMatchObject([{ name }]);
  });

  test.each(["", " a", "a ", "a\\tb", "x".repeat(101)])("may not be called %j", (name) => {
    const text = withDestination("{kind: stdout}").replace("out:", `"${name}":`);
    expect(read(text).problems.join()).toContain("is not a usable name");
  });
});
