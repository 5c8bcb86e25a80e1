import { describe, expect, test } from "vitest";

import { StakeoutError } from "../../src/core/errors.ts";
import type { RuleManifest } from "../../src/rules/manifest.ts";
import { parseFilter, passesFilters } from "../../src/rules/panther/filter.ts";
import { manifestOf } from "./test-fixtures.ts";

const manifest = manifestOf("AWS.Root", {
  severity: "high",
  logTypes: ["AWS.CloudTrail", "AWS.S3ServerAccess"],
  tags: ["AWS", "Identity"],
  dedupPeriodMs: 900_000,
});

function passes(filters: readonly string[], overrides: Partial<RuleManifest> = {}): boolean {
  const rule = { manifest: { ...manifest, ...overrides }, fields: undefined };
  return passesFilters(rule, filters.map(parseFilter));
}

describe("a rule passes", () => {
  test.each([
    ["Severity=High"],
    ["severity=HIGH"],
    ["Severity=Low,High"],
    ["Severity!=Low"],
    ["Severity!=Low,Info"],
    ["LogTypes=AWS.CloudTrail"],
    ["LogTypes=Okta.SystemLog,aws.s3serveraccess"],
    ["Tags=identity"],
    ["Tags!=GCP"],
    ["RuleID=aws.root"],
    ["id=AWS.Root"],
    ["Enabled=true"],
    ["enabled!=FALSE"],
    ["CreateAlert=true"],
    ["DedupPeriodMinutes=15"],
    ["dedupPeriod=15m"],
    ["dedupPeriod=900"],
    ["threshold=1"],
    ["AnalysisType=rule"],
    ["DisplayName="],
    ['Runbook=x,""'],
    ["OutputIds=''"],
    [" Severity = High , Low "],
  ])("%s", (filter) => {
    expect(passes([filter])).toBe(true);
  });
});

describe("a rule does not pass", () => {
  test.each([
    ["Severity=Low"],
    ["Severity!=High"],
    ["Severity!=Low,High"],
    ["LogTypes=AWS"],
    ["LogTypes!=AWS.CloudTrail"],
    ["Tags!=identity,GCP"],
    ["Tags="],
    ["DisplayName!="],
    ["RuleID="],
    ["Enabled=false"],
    ["DedupPeriodMinutes=1"],
    ["AnalysisType=policy"],
  ])("%s", (filter) => {
    expect(passes([filter])).toBe(false);
  });
});

test("several filters must all hold", () => {
  expect(passes(["Severity=High", "Tags=AWS"])).toBe(true);
  expect(passes(["Severity=High", "Tags=GCP"])).toBe(false);
});

test("a field that has a value is not the same as one that has none", () => {
  expect(passes(["DisplayName!="], { displayName: "Root" })).toBe(true);
  expect(passes(["OutputIds=team-a"], { destinations: ["Team-A"] })).toBe(true);
});

describe("what is no filter", () => {
  test.each([
    ["Severity", "KEY=VALUE"],
    ["=High", "KEY=VALUE"],
    ["", "KEY=VALUE"],
    ["Severity=a=b", "cannot contain ="],
    ["Severity==High", "cannot contain ="],
    ["Sevrity=High", "Did you mean severity?"],
    ["DedupPeriodMinute=60", "Did you mean DedupPeriodMinutes?"],
    ["qqqqqqqqq=1", "Known are id, "],
    ["__proto__=1", "no field"],
    ["constructor=1", "no field"],
  ])("%j is a usage error", (filter, message) => {
    expect(() => parseFilter(filter)).toThrow(StakeoutError);
    expect(() => parseFilter(filter)).toThrow(message);
  });
});
