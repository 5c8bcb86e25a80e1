import { describe, expect, test } from "vitest";

import type { JsonObject } from "../../../src/core/json.ts";
import type { TestEvent } from "../../../src/testing/rule-tests/model.ts";
import { planOf, ruleText, shown } from "./fixtures.ts";

/** The events that a test's text comes to. */
async function eventsOf(
  yaml: string,
  files: Readonly<Record<string, string>> = {},
  logType = "AWS.CloudTrail",
): Promise<readonly TestEvent[]> {
  const planned = await planOf({
    "rule.ts": ruleText({ logTypes: [logType] }),
    "rule.test.yaml": yaml,
    ...files,
  });
  expect(shown(planned.problems)).toEqual([]);
  return planned.tests[0]?.events ?? [];
}

async function fieldsOf(
  yaml: string,
  files: Readonly<Record<string, string>> = {},
  logType?: string,
): Promise<readonly JsonObject[]> {
  return (await eventsOf(yaml, files, logType)).map(({ fields }) => fields);
}

describe("where the fields come from", () => {
  test("beside the keys, under fields, from a file, from a base", async () => {
    const yaml = `
events:
  named: { fields: { base: own field, n: 1 } }
tests:
  - name: t
    events:
      - { a: 1 }
      - fields: { file: own field }
      - file: deep/event.json
      - base: named
    expect: false`;
    expect(await fieldsOf(yaml, { "deep/event.json": '{"from": "file"}' })).toEqual([
      { a: 1 },
      { file: "own field" },
      { from: "file" },
      { base: "own field", n: 1 },
    ]);
  });

  test("patches merge objects, replace lists, and null removes a field, base upon base", async () => {
    const yaml = `
events:
  one: { a: { b: 1, c: [1, 2], gone: x }, top: 1 }
  two: { base: one, patch: { a: { b: 2, gone: null }, top: null } }
tests:
  - name: t
    events:
      - { base: two, patch: { a: { c: [3], d: { e: null, f: 1 } } } }
      - { base: one }
    expect: false`;
    expect(await fieldsOf(yaml)).toEqual([
      { a: { b: 2, c: [3], d: { f: 1 } } },
      { a: { b: 1, c: [1, 2], gone: "x" }, top: 1 },
    ]);
  });

  test("a field named __proto__ stays a field", async () => {
    const [fields] = await fieldsOf(`
- name: t
  event: { fields: { x: 1 }, patch: { "__proto__": { polluted: true } }, at: 5 }
  expect: false`);
    expect(Object.keys(fields ?? {})).toEqual(["x", "__proto__", "eventTime"]);
    expect("polluted" in {}).toBe(false);
  });

  test("the log type is the event's own, or the first of the rule", async () => {
    const events = await eventsOf(
      "- { name: t, events: [{ a: 1 }, { p_log_type: Okta.SystemLog }], expect: false }",
    );
    expect(events.map(({ logType }) => logType)).toEqual(["AWS.CloudTrail", "Okta.SystemLog"]);
  });
});

describe("times", () => {
  test("at and after are written where CloudTrail has its time", async () => {
    const yaml = `
- name: t
  events:
    - { a: 1, at: "2026-03-02T08:00:00Z" }
    - { a: 1, after: 5m }
    - { a: 1, after: 0.25, repeat: 2 }
    - { a: 1, at: 1772438400 }
    - { a: 1, eventTime: "2026-03-02T12:00:00Z" }
    - { a: 1, after: 1h30m }
  expect: false`;
    expect((await fieldsOf(yaml)).map(({ eventTime }) => eventTime)).toEqual([
      "2026-03-02T08:00:00Z",
      "2026-03-02T08:05:00Z",
      "2026-03-02T08:05:00.250Z",
      "2026-03-02T08:05:00.500Z",
      "2026-03-02T08:00:00Z",
      "2026-03-02T12:00:00Z",
      "2026-03-02T13:30:00Z",
    ]);
  });

  test.each([
    ["now: 2026-05-01", "{ a: 1, after: 1h }", "2026-05-01T01:00:00Z"],
    ["", "{ a: 1, after: 1h }", "2026-01-01T01:00:00Z"],
    ["", '{ eventTime: "2020-01-01T00:00:00Z", after: 1h }', "2020-01-01T01:00:00Z"],
  ])("after of the first event counts from the start: %j %s", async (now, event, time) => {
    const [first] = await fieldsOf(`- name: t\n  ${now}\n  event: ${event}\n  expect: false`);
    expect(first?.["eventTime"]).toBe(time);
  });

  test.each<[string, string, JsonObject]>([
    ["AWS.VPCFlow", "{ start: 5 }", { start: 1772438400 }],
    ["AWS.VPCFlow", "{ a: 1 }", { a: 1, start: "2026-03-02T08:00:00Z" }],
    ["GitHub.Audit", '{ "@timestamp": 1 }', { "@timestamp": 1772438400000 }],
    ["GitHub.Audit", "{ created_at: 1 }", { created_at: 1772438400000 }],
    ["GitHub.Audit", '{ created_at: "2020-01-01" }', { created_at: "2026-03-02T08:00:00Z" }],
    ["GSuite.Reports", "{ id: { x: 1 } }", { id: { x: 1, time: "2026-03-02T08:00:00Z" } }],
    ["GSuite.Reports", "{ a: 1 }", { a: 1, id: { time: "2026-03-02T08:00:00Z" } }],
    ["Nobody.Knows", "{ a: 1 }", { a: 1, p_event_time: "2026-03-02T08:00:00Z" }],
  ])("the time of %s %s", async (logType, event, expected) => {
    const yaml = `- { name: t, event: { fields: ${event}, at: "2026-03-02T08:00:00Z" }, expect: false }`;
    expect(await fieldsOf(yaml, {}, logType)).toEqual([expected]);
  });
});
