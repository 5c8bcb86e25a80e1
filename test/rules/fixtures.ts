import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Problem } from "../../src/core/errors.ts";
import type { Event } from "../../src/core/event.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { RuleManifest } from "../../src/rules/manifest.ts";
import { describeMatch, type DescribedMatch, type MatchRequest } from "../../src/rules/outcome.ts";
import type { AuxiliaryFunction, LoadedRule, LoadResult } from "../../src/rules/runtime.ts";
import { createTypeScriptRuntime } from "../../src/rules/typescript/runtime.ts";

/** A folder with these files, by relative path; gone when the test ends its `using` block. */
export interface RulesFolder extends Disposable {
  readonly path: string;
  /** Loads the folder, or what is named below it. */
  load(...names: readonly string[]): Promise<LoadResult>;
  write(name: string, text: string): void;
}

export function withRules(files: Readonly<Record<string, string>>): RulesFolder {
  const path = mkdtempSync(join(tmpdir(), "stakeout-rules-"));
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  return {
    path,
    write,
    load: async (...names) =>
      createTypeScriptRuntime().load(names.length === 0 ? [path] : names.map((name) => join(path, name))),
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  };
}

/** Text of a rule file; `fields` are added to the required ones, which they may replace with `undefined`. */
export function ruleText(id: string, fields = ""): string {
  return `import { defineRule } from "stakeout";
export default defineRule({
  id: ${JSON.stringify(id)},
  logTypes: ["Test.Log"],
  severity: "low",
  rule: () => true,
  ${fields}
});
`;
}

/** Problems as `name:line: message`, the folder's path taken out. */
export function shown(problems: readonly Problem[], folder: RulesFolder): readonly string[] {
  const prefix = `${folder.path}/`;
  return problems.map(({ file, line, message }) =>
    `${file.replace(prefix, "")}:${line}: ${message}`.replaceAll(prefix, ""),
  );
}

export function event(fields: JsonObject = {}, timeMs: number | undefined = 1000): Event {
  return {
    kind: "event",
    logType: "Test.Log",
    timeMs,
    fields,
    position: { source: "test", stream: "1", offset: 0 },
  };
}

function manifest(overrides: Partial<RuleManifest> = {}): RuleManifest {
  return {
    id: "Test.Rule",
    displayName: undefined,
    dedupPeriodMs: 3_600_000,
    threshold: 1,
    createAlert: true,
    tags: [],
    reports: {},
    summaryAttributes: [],
    logTypes: ["Test.Log"],
    enabled: true,
    severity: "low",
    description: "",
    reference: "",
    runbook: "",
    destinations: undefined,
    file: "/rules/test.ts",
    line: 1,
    ...overrides,
  };
}

export type Functions = Partial<Record<AuxiliaryFunction, (fields: JsonObject) => unknown>>;

export function loadedRule(functions: Functions = {}, overrides: Partial<RuleManifest> = {}): LoadedRule {
  return {
    manifest: manifest(overrides),
    functions: new Set(Object.keys(functions) as AuxiliaryFunction[]),
    usesStandardFields: false,
    rule: () => true,
    call: (name, event) => functions[name]?.(event.fields),
  };
}

export function matchRequest(rule: LoadedRule, overrides: Partial<MatchRequest> = {}): MatchRequest {
  return {
    rule,
    event: event({ field: "value" }),
    clockMs: 2000,
    toAlertEvent: () => ({ kept: true }),
    waitFor: (answer) => answer,
    settle: () => undefined,
    ...overrides,
  };
}

/** What a match with these functions becomes. */
export async function described(
  functions: Functions,
  overrides: Partial<RuleManifest> = {},
): Promise<DescribedMatch> {
  return await describeMatch(matchRequest(loadedRule(functions, overrides)));
}
