import { isRuleFileName } from "../../rules/typescript/find-rule-files.ts";
import { readSources } from "../../rules/typescript/read-sources.ts";
import type { SourceFile } from "../../rules/typescript/source-file.ts";
import type { PlannedTests } from "../../testing/rule-tests/plan.ts";
import { PythonFiles } from "./python-files.ts";

/**
 * The rules whose tests a change concerns, by id: those whose file, test file, or anything that these import was changed.
 * `undefined`, all rules, when a changed file is none of them: it may hold the events of any test, or log types.
 */
export function affectedRules(
  planned: PlannedTests,
  changed: ReadonlySet<string>,
): ReadonlySet<string> | undefined {
  const filesOfRules = filesByRule(planned);
  const known = union(filesOfRules.values());
  for (const file of changed) {
    if (!known.has(file) && !isRuleFileName(file)) return undefined;
  }
  const affected = new Set<string>();
  for (const [ruleId, files] of filesOfRules) {
    if ([...changed].some((file) => files.has(file))) affected.add(ruleId);
  }
  return affected;
}

/** Every file that rules and tests of a plan consist of, imported ones included. */
export function importedFiles(planned: PlannedTests): ReadonlySet<string> {
  return union(filesByRule(planned).values());
}

function filesByRule(planned: PlannedTests): ReadonlyMap<string, ReadonlySet<string>> {
  const byRule = new Map<string, Set<string>>();
  for (const { manifest } of planned.rules) byRule.set(manifest.id, new Set([manifest.file]));
  for (const test of planned.tests) byRule.get(test.ruleId)?.add(test.file);
  const python = planned.content === undefined ? undefined : new PythonFiles(planned.content);
  for (const [ruleId, files] of byRule) {
    const spec = planned.specOf(ruleId);
    for (const file of (spec && python?.of(spec)) ?? []) files.add(file);
  }
  const sources = readSources([...union(byRule.values())].filter(isRuleFileName), "");
  const byPath = new Map([...sources.files.values()].map((file) => [file.path, file]));
  // Sets that grow while they are walked.
  for (const files of byRule.values()) {
    for (const file of files) for (const imported of importsOf(byPath.get(file))) files.add(imported);
  }
  return byRule;
}

function importsOf(file: SourceFile | undefined): readonly string[] {
  return (file?.imports ?? []).flatMap(({ path }) => path ?? []);
}

function union(sets: Iterable<ReadonlySet<string>>): ReadonlySet<string> {
  const all = new Set<string>();
  for (const set of sets) for (const each of set) all.add(each);
  return all;
}
