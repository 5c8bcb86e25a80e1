import { describe, expect, test } from "vitest";

import { type AlertRoute, AlertRouting, anyOf } from "../../src/alerts/routing.ts";
import type { Alert } from "../../src/core/alert.ts";
import { alert } from "../core/alert.fixture.ts";

function route(name: string, overrides: Partial<AlertRoute> = {}): AlertRoute {
  return { name, enabled: true, closed: false, ...overrides };
}

interface Routed {
  readonly destinations: readonly string[];
  readonly warnings: readonly string[];
}

function routed(routes: readonly AlertRoute[], overrides: Partial<Alert> = {}): Routed {
  const warnings: string[] = [];
  const routing = new AlertRouting(routes, (message) => warnings.push(message));
  return { destinations: routing.destinationsOf(alert(overrides)), warnings };
}

describe("an alert whose rule names no destinations", () => {
  test("goes to every destination without conditions, in the order of the configuration", () => {
    expect(routed([route("b"), route("a")]).destinations).toEqual(["b", "a"]);
  });

  interface Judged {
    readonly by: Partial<AlertRoute>;
    readonly of?: Partial<Alert>;
    readonly taken: boolean;
  }

  test.each<[string, Judged]>([
    [
      "a severity that is listed",
      { by: { severities: ["low", "high"] }, of: { severity: "high" }, taken: true },
    ],
    [
      "a severity that is not",
      { by: { severities: ["low", "high"] }, of: { severity: "medium" }, taken: false },
    ],
    [
      "a log type that is listed",
      { by: { logTypes: ["Okta.SystemLog"] }, of: { logType: "Okta.SystemLog" }, taken: true },
    ],
    [
      "a log type that only begins so",
      { by: { logTypes: ["Okta"] }, of: { logType: "Okta.SystemLog" }, taken: false },
    ],
    [
      "a log type that fits a pattern",
      { by: { logTypes: ["AWS.*"] }, of: { logType: "AWS.CloudTrail" }, taken: true },
    ],
    ["one tag of several", { by: { tags: ["pci", "prod"] }, of: { tags: ["test", "prod"] }, taken: true }],
    ["a tag that fits a pattern", { by: { tags: ["team:*"] }, of: { tags: ["team:cloud"] }, taken: true }],
    ["no tag that is asked for", { by: { tags: ["pci"] }, of: { tags: ["pci-old"] }, taken: false }],
    ["no tags at all", { by: { tags: ["*"] }, of: { tags: [] }, taken: false }],
    [
      "all conditions",
      { by: { severities: ["high"], tags: ["pci"] }, of: { severity: "high", tags: ["pci"] }, taken: true },
    ],
    [
      "one condition of two",
      { by: { severities: ["high"], tags: ["pci"] }, of: { severity: "high" }, taken: false },
    ],
    ["a list that lets nothing through", { by: { severities: [] }, taken: false }],
  ])("is judged by conditions: %s", (_, { by, of, taken }) => {
    expect(routed([route("a", by)], of).destinations).toEqual(taken ? ["a"] : []);
  });

  test("passes by a destination that has to be named", () => {
    expect(routed([route("a", { enabled: false }), route("b")]).destinations).toEqual(["b"]);
  });
});

describe("an alert whose rule names destinations", () => {
  const routes = [route("a", { severities: ["critical"] }), route("b"), route("c", { enabled: false })];

  test("goes to those alone, whatever their conditions say", () => {
    expect(routed(routes, { destinations: ["c", "a"] })).toEqual({ destinations: ["a", "c"], warnings: [] });
  });

  test("goes to nobody when the list is empty", () => {
    expect(routed(routes, { destinations: [] })).toEqual({ destinations: [], warnings: [] });
  });

  test("goes to those of them that are there, and people hear of the others", () => {
    const { destinations, warnings } = routed(routes, { ruleId: "My.Rule", destinations: ["gone", "a"] });
    expect(destinations).toEqual(["a"]);
    expect(warnings).toEqual(["Rule My.Rule names the destination gone, which is not configured."]);
  });

  test("goes where conditions send it when none of them is there, so that it is not lost", () => {
    const { destinations, warnings } = routed(routes, { destinations: ["gone"] });
    expect(destinations).toEqual(["b"]);
    expect(warnings).toHaveLength(1);
  });
});

describe("the end of a dedup window", () => {
  const routes = [
    route("a", { closed: true }),
    route("b"),
    route("c", { closed: true, severities: ["low"] }),
  ];

  test("is told only to destinations that want it, by the same conditions", () => {
    expect(routed(routes, { status: "closed" }).destinations).toEqual(["a"]);
  });

  test("is told to no other that a rule names", () => {
    expect(routed(routes, { status: "closed", destinations: ["b", "c"] }).destinations).toEqual(["c"]);
  });
});

describe("warnings of names that are not there", () => {
  function warningsOf(alerts: readonly Partial<Alert>[]): readonly string[] {
    const warnings: string[] = [];
    const routing = new AlertRouting([route("a")], (message) => warnings.push(message));
    for (const overrides of alerts) routing.destinationsOf(alert(overrides));
    return warnings;
  }

  test("come once for a rule and a name", () => {
    const named = { ruleId: "R", destinations: ["gone"] };
    const warnings = warningsOf([
      named,
      named,
      { ...named, ruleId: "Q" },
      { ...named, destinations: ["off"] },
    ]);
    expect(warnings).toHaveLength(3);
  });

  test("end after a thousand, and are short: names may come from events", () => {
    const names = Array.from({ length: 1100 }, (_, n) => `${n}`.padEnd(10_000, "x"));
    const warnings = warningsOf(names.map((name) => ({ destinations: [name] })));
    expect(warnings).toHaveLength(1000);
    expect(Math.max(...warnings.map(({ length }) => length))).toBeLessThan(300);
  });
});

test.each([
  ["a.b", "a.b", true],
  ["a.b", "axb", false],
  ["a*", "a", true],
  ["*", "any\nthing", true],
  ["*.b", "a.b", true],
  ["*.b", "a.b ", false],
  ["a*c*e", "abcde", true],
  ["[x]+(y)|$^{z}?\\", "[x]+(y)|$^{z}?\\", true],
  ["x|y", "x", false],
])("the pattern %s and the text %j", (pattern, text, fits) => {
  expect(anyOf(["nothing", pattern])(text)).toBe(fits);
});
