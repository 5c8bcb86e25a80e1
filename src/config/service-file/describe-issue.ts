import type { z } from "zod";

import type { SettingPath } from "./settings-file.ts";

/** One thing that is wrong with a setting. */
export interface Finding {
  readonly path: SettingPath;
  /** A whole sentence that names the setting. */
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a map of settings",
  record: "a map of names",
};

/** What zod found below a setting, said to people. `valueAt` answers what stands at a path of the file. */
export function describeIssues(
  issues: readonly Issue[],
  parent: SettingPath,
  valueAt: (path: SettingPath) => unknown,
): readonly Finding[] {
  return issues.flatMap((issue) => {
    const path = [...parent, ...issue.path];
    const branch = issue.code === "invalid_union" ? fittingBranch(issue.errors, valueAt(path)) : undefined;
    if (branch !== undefined) return describeIssues(branch, path, valueAt);
    if (issue.code === "unrecognized_keys") return unknownSettings(issue, path);
    const what = predicate(issue, valueAt(path));
    const isSentence = /^["{]|^[A-Z].*\.$/.test(what);
    return [{ path, message: isSentence ? `${nameOf(path)}: ${what}` : `${nameOf(path)} ${what}.` }];
  });
}

/** Of the forms that a setting may have, the one that was meant: the value is of its type. */
function fittingBranch(
  branches: readonly (readonly Issue[])[],
  value: unknown,
): readonly Issue[] | undefined {
  const isOfOtherType = ({ code, path }: Issue): boolean =>
    path.length === 0 && (code === "invalid_type" || (code === "invalid_value" && typeof value === "object"));
  return branches.find((issues) => !issues.some(isOfOtherType));
}

function unknownSettings(
  { keys, message }: { readonly keys: readonly string[]; readonly message: string },
  path: SettingPath,
): readonly Finding[] {
  const advice = message.split("\n");
  const findings = keys.map((key, index) => unknownSetting([...path, key], advice[index] ?? ""));
  // Told already, wherever it stands.
  return findings.filter((_, index) => keys[index] !== "__proto__");
}

/** A setting that does not exist, with what may have been meant. */
export function unknownSetting(path: SettingPath, advice: string): Finding {
  const end = advice.endsWith("?") ? "" : ".";
  return { path, message: `There is no setting ${nameOf(path)}; ${advice}${end}` };
}

function predicate(issue: Issue, value: unknown): string {
  if (value === undefined) return "is missing";
  if (value === null) return "is empty: give a value, or remove the line";
  // Said where the setting is defined.
  if (issue.message.startsWith("must ")) return issue.message;
  if (issue.code === "invalid_type") {
    const quotes = issue.expected === "string" && typeof value !== "object" ? ": put it in quotes" : "";
    return `must be ${typeNames[issue.expected] ?? issue.expected}${quotes}`;
  }
  if (issue.code === "invalid_value") return `must be ${alternatives(issue.values.map(String))}`;
  if (issue.code === "invalid_key") return issue.issues[0]?.message ?? issue.message;
  return issue.message;
}

/** `a`, `a or b`, `a, b or c`. */
export function alternatives(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} or ${last}`;
}

/** A setting as it is called in messages: `sources.cloudtrail.tokens.0`. */
export function nameOf(path: SettingPath): string {
  return path.length === 0 ? "The file" : path.map(String).join(".");
}
