import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { Problem } from "../../../../src/core/errors.ts";
import type { DetectionSpec, PantherContent } from "../../../../src/rules/panther/content.ts";
import type { ReadOptions } from "../../../../src/rules/panther/content-file.ts";
import { readPantherContent } from "../../../../src/rules/panther/read-content.ts";

/** A folder with these files, by relative path, and a `.git` folder; gone when the test ends its `using` block. */
export interface Repository extends Disposable {
  readonly path: string;
  /** Reads the whole of it, or what is named below it. */
  read(names?: readonly string[], options?: Partial<ReadOptions>): PantherContent;
}

export function withRepository(files: Readonly<Record<string, string>>): Repository {
  const path = mkdtempSync(join(tmpdir(), "stakeout-panther-"));
  mkdirSync(join(path, ".git"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return {
    path,
    read: (names = [""], options = {}) => {
      const paths = names.map((name) => join(path, name));
      return readPantherContent(paths, { tests: true, ignoreExtraKeys: false, ...options });
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  };
}

/** Top-level keys with the YAML that stands after each; `undefined` leaves a key out. */
export type Keys = Readonly<Record<string, string | undefined>>;

export function yamlOf(keys: Keys): string {
  const lines = Object.entries(keys).map(([key, value]) => (value === undefined ? "" : `${key}: ${value}\n`));
  return lines.join("");
}

const rule: Keys = {
  AnalysisType: "rule",
  RuleID: "Test.Rule",
  Enabled: "true",
  Filename: "rule.py",
  LogTypes: "[Test.Log]",
  Severity: "Low",
};

/** A rule in Python whose file is `rule.py` beside it. */
export function ruleYaml(keys: Keys = {}): string {
  return yamlOf({ ...rule, ...keys });
}

/** A policy in Python whose file is `rule.py` beside it. */
export function policyYaml(keys: Keys = {}): string {
  const { Enabled, Filename, Severity } = rule;
  return yamlOf({ AnalysisType: "policy", PolicyID: "Test.Policy", Enabled, Filename, Severity, ...keys });
}

export const python = "def rule(event):\n    return True\n";

/** The content of one rule with these keys, beside its `rule.py`. */
export function readRule(keys: Keys = {}, options: Partial<ReadOptions> = {}): Shown {
  return readYaml(ruleYaml(keys), options);
}

export interface Shown {
  readonly content: PantherContent;
  /** The only detection, or `undefined` where it has problems. */
  readonly detection: DetectionSpec | undefined;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** The content of one file, beside `rule.py`, and what is wrong with it as `line: message`. */
export function readYaml(text: string, options: Partial<ReadOptions> = {}): Shown {
  using repository = withRepository({ "rules/rule.yml": text, "rules/rule.py": python });
  const content = repository.read(["rules"], options);
  const lines = (list: readonly Problem[]): readonly string[] =>
    shown(list, repository).map((text) => text.replace(/^rules\/rule\.yml:/, ""));
  const { detections, problems, warnings } = content;
  return { content, detection: detections[0], problems: lines(problems), warnings: lines(warnings) };
}

/** Problems as `name:line: message`, the folder's path taken out. */
export function shown(problems: readonly Problem[], { path }: { readonly path: string }): readonly string[] {
  return problems.map(({ file, line, message }) => `${file}:${line}: ${message}`.replaceAll(`${path}/`, ""));
}

/** Ids of detections. */
export function ids({ detections }: PantherContent): readonly string[] {
  return detections.map(({ manifest }) => manifest.id);
}
