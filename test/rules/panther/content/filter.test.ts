import { describe, expect, test } from "vitest";

import { StakeoutError } from "../../../../src/core/errors.ts";
import { packFilter, parseFilter, passesFilters } from "../../../../src/rules/panther/filter.ts";
import { type Keys, readRule, readYaml, yamlOf } from "./fixtures.ts";

const keys: Keys = {
  Enabled: "false",
  Severity: "High",
  LogTypes: "[AWS.CloudTrail, Okta.SystemLog]",
  Tags: "[AWS, Identity]",
  Reports: "{CIS: [1.1]}",
  Status: "Experimental",
  Threshold: "5",
  CreateAlert: "false",
};

/** Whether a rule with these keys passes, as a Panther detection or by its manifest alone. */
function passes(filters: readonly string[], options: { readonly byManifest?: boolean } = {}): boolean {
  const { detection } = readRule(keys);
  if (detection === undefined) throw new Error("The rule has problems.");
  const { manifest, fields } = detection;
  return passesFilters(
    { manifest, fields: options.byManifest === true ? undefined : fields },
    filters.map(parseFilter),
  );
}

describe("a detection passes", () => {
  test.each([
    ["Severity=High"],
    ["severity=HIGH"],
    ["Severity=Low,high"],
    ["Severity!=Low,Info"],
    ["LogTypes=Okta.SystemLog,GCP.AuditLog"],
    ["Tags=identity"],
    ["Reports=cis"],
    ["Status=experimental"],
    ["Status!=deprecated"],
    ["Threshold=5"],
    ["Enabled=false"],
    ["Enabled=no"],
    ["Enabled!=yes"],
    ["CreateAlert=0"],
    ["AnalysisType=rule"],
    ["RuleID=test.rule"],
    ["id=Test.Rule"],
    ["DisplayName="],
    ['OutputIds=""'],
    ["Runbook=x,''"],
    ["ResourceTypes="],
    ["dedupPeriod=1h"],
    ["DedupPeriodMinutes="],
    [" Severity = High , Low "],
  ])("%s", (filter) => {
    expect(passes([filter])).toBe(true);
  });
});

describe("a detection does not pass", () => {
  test.each([
    ["Severity=Low"],
    ["Severity!=High"],
    ["Tags=AW"],
    ["Tags!=AWS"],
    ["Tags="],
    ["Status!=experimental,deprecated"],
    ["Status="],
    ["Enabled=true"],
    ["AnalysisType=policy,scheduled_rule"],
    ["DisplayName!="],
    // The default does not stand in the file.
    ["DedupPeriodMinutes=60"],
  ])("%s", (filter) => {
    expect(passes([filter])).toBe(false);
  });
});

describe("a rule in another format", () => {
  test.each([
    ["Severity=High"],
    ["DedupPeriodMinutes=60"],
    ["Status="],
    ["AnalysisType=rule"],
    ["Enabled=off"],
  ])("passes %s", (filter) => {
    expect(passes([filter], { byManifest: true })).toBe(true);
  });

  test("has no status", () => {
    expect(passes(["Status=Experimental"], { byManifest: true })).toBe(false);
  });
});

test("several filters must all hold", () => {
  expect(passes(["Severity=High", "Tags=AWS"])).toBe(true);
  expect(passes(["Severity=High", "Tags=GCP"])).toBe(false);
});

describe("is no filter", () => {
  test.each([
    ["Severity", "KEY=VALUE"],
    ["=High", "KEY=VALUE"],
    ["", "KEY=VALUE"],
    ["Severity=a=b", "cannot contain ="],
    ["Severty=High", "Did you mean severity?"],
    ["ResourceType=a", "Did you mean ResourceTypes?"],
    ["qqqqqqqqq=1", "Known are id, "],
    ["__proto__=1", "no field"],
  ])("%j", (filter, message) => {
    expect(() => parseFilter(filter)).toThrow(StakeoutError);
    expect(() => parseFilter(filter)).toThrow(message);
  });
});

describe("a pack", () => {
  const { content } = readYaml(
    yamlOf({ AnalysisType: "pack", PackID: "Test.Pack", PackDefinition: "{IDs: [A, B]}" }),
  );

  test("gives the ids that belong to it", () => {
    expect(packFilter(content, "Test.Pack")).toEqual(new Set(["A", "B"]));
  });

  test("that is not there is a usage error", () => {
    expect(() => packFilter(content, "Test.Pak")).toThrow(StakeoutError);
    expect(() => packFilter(content, "Test.Pak")).toThrow(
      "There is no pack Test.Pak. Did you mean Test.Pack?",
    );
  });
});
