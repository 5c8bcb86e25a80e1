import type { z } from "zod";

import type { Problem } from "../../core/errors.ts";
import { didYouMean } from "../../rules/check-definition.ts";
import { nearest } from "../../rules/nearest.ts";
import type { RuleTestFile } from "../../rules/test-definition.ts";
import { type Report, toPlain } from "./plain-value.ts";
import { knownKeys, ruleTestFileSchema } from "./schema.ts";

/** Where tests are written, for problems. */
export interface TestPlace {
  readonly file: string;
  /** The line of what a path leads to, or of the nearest thing around it that can be seen. */
  lineOf(path: readonly PropertyKey[]): number;
}

/**
 * What a test file or a rule's `tests` holds, found to be of the right form: a list of tests, or an object with `tests`.
 * Everything wrong with it is added to `problems`, and `undefined` answered.
 */
export function checkTests(
  content: unknown,
  place: TestPlace,
  problems: Problem[],
): RuleTestFile | undefined {
  const isList = Array.isArray(content);
  const found: Problem[] = [];
  const report: Report = (path, message) => {
    const line = place.lineOf(isList ? path.slice(1) : path);
    found.push({ file: place.file, line, message: `${placeText(content, path)}${message}` });
  };
  const plain = toPlain(isList ? { tests: content } : content, report);
  const checked = ruleTestFileSchema.safeParse(plain);
  if (!checked.success) new IssueReport(plain, report).add(checked.error.issues, []);
  problems.push(...found.sort((left, right) => left.line - right.line));
  return found.length === 0 ? (plain as RuleTestFile) : undefined;
}

type Issue = z.core.$ZodIssue;

/** Puts what the schema finds into words. */
class IssueReport {
  readonly #content: unknown;
  readonly #report: Report;

  constructor(content: unknown, report: Report) {
    this.#content = content;
    this.#report = report;
  }

  add(issues: readonly Issue[], above: readonly PropertyKey[]): void {
    for (const issue of issues) {
      const path = [...above, ...issue.path];
      if (issue.code === "unrecognized_keys") {
        for (const key of issue.keys) this.#unknownKey(key, path);
        continue;
      }
      const meant = issue.code === "invalid_union" ? meantBranch(issue.errors) : undefined;
      if (meant === undefined) this.#report(path, this.#text(issue, path));
      else this.add(meant, path);
    }
  }

  #unknownKey(key: string, path: readonly PropertyKey[]): void {
    this.#report([...path, key], `unknown key ${key}${didYouMean(nearest(key, knownKeys(path)))}`);
  }

  #text({ message }: Issue, path: readonly PropertyKey[]): string {
    const wrong = message.replace(/^Invalid input: /, "").replace(/^Too (?:small|big): /, "");
    if (path.length === 0) return `it must be a list of tests, or an object with tests: ${wrong}`;
    const key = String(path.findLast((key) => typeof key === "string"));
    return valueAt(this.#content, path) === undefined ? `${key} is missing` : `${key}: ${wrong}`;
  }
}

function valueAt(content: unknown, path: readonly PropertyKey[]): unknown {
  let value = content;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[key];
  }
  return value;
}

/** Of several forms the only one that the value itself has, so that only something in it is wrong. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const possible = branches.filter((issues) =>
    issues.every((issue) => issue.path.length > 0 || !isForm(issue)),
  );
  return possible.length === 1 ? possible[0] : undefined;
}

function isForm({ code }: Issue): boolean {
  return code === "invalid_type" || code === "invalid_union";
}

/** Which test a path leads into, as the beginning of a message. */
function placeText(content: unknown, path: readonly PropertyKey[]): string {
  if (path[0] !== "tests" || typeof path[1] !== "number") return "";
  const tests: unknown = Array.isArray(content) ? content : (content as { tests?: unknown }).tests;
  const test: unknown = Array.isArray(tests) ? tests[path[1]] : undefined;
  const named = typeof test === "object" && test !== null && "name" in test ? test.name : undefined;
  return `test ${typeof named === "string" ? JSON.stringify(named) : path[1] + 1}: `;
}
