import type { Comparison, Difference } from "./compare.ts";
import type { CorpusReport } from "./corpus.ts";

export interface ConformanceReport extends CorpusReport {
  /** With Panther's own packages, where that was asked for. */
  readonly comparison: Comparison | undefined;
}

/** Most differences that are shown of one cause. */
const examplesMax = 3;

/** True when everything loads, passes, and differs only where it is known why. */
export function isConformant({ problems, failed, comparison }: ConformanceReport): boolean {
  return problems.length === 0 && failed.length === 0 && (comparison?.unexplained ?? []).length === 0;
}

/** The report for people. */
export function renderReport(report: ConformanceReport): string {
  const { loaded, passed, failed, notRunYet, problems, startUpMs, testsMs, comparison } = report;
  const count = loaded.rule + loaded.scheduled_rule + loaded.policy;
  const lines = [
    ...problems.map(({ file, line, message }) => `${file}:${line}: ${message}`),
    ...failed.flatMap(({ ruleId, name, functions, error }) => [
      `FAIL ${ruleId}: ${name} [${functions.join(", ")}]`,
      ...error.split("\n").map((line) => `     ${line}`),
    ]),
    ...missingPackages(report),
    `${count} rules loaded: ${loaded.rule} rules, ${loaded.scheduled_rule} scheduled rules, ${loaded.policy} policies`,
    `${notRunYet.correlationRules} correlation rules with ${notRunYet.tests} tests not run yet`,
    `${problems.length} problems`,
    `${seconds(startUpMs)} to start, ${seconds(testsMs)} for the tests`,
    ...(comparison === undefined ? [] : renderComparison(comparison)),
    `Tests: ${passed} passed, ${failed.length} failed`,
  ];
  return `${lines.join("\n")}\n`;
}

/** What to run when rules import packages that are not there. */
function missingPackages({ problems }: ConformanceReport): readonly string[] {
  const names = problems.map(({ message }) => /No module named '([\w.]+)'/.exec(message)?.[1]);
  const missing = [...new Set(names.filter((name) => name !== undefined))];
  if (missing.length === 0) return [];
  return [
    `Rules import modules that are missing: ${missing.join(", ")}. Add the packages that have them, then run this again:`,
    `  stakeout python add PACKAGE… --rules FOLDER   (FOLDER: the repository, or another for --packages)`,
    `For panther-analysis: python-dateutil policyuniverse==1.5.1.20230817 pycountry==24.6.1`,
  ];
}

function renderComparison({
  tests,
  compared,
  same,
  explained,
  unexplained,
  skipped,
}: Comparison): readonly string[] {
  return [
    `compared with Panther's own packages: ${tests} tests, ${compared} answers, ${same} the same`,
    ...Object.entries(skipped).map(([reason, count]) => `  ${count} tests left out: ${reason}`),
    ...Object.entries(explained).flatMap(([cause, differences]) => renderCause(cause, differences)),
    ...renderCause("no known cause", unexplained),
  ];
}

function renderCause(cause: string, differences: readonly Difference[]): readonly string[] {
  const rules = new Set(differences.map(({ ruleId }) => ruleId));
  const tests = new Set(differences.map(({ ruleId, name }) => JSON.stringify([ruleId, name])));
  const more = differences.length - examplesMax;
  return [
    `  ${differences.length} differ (${tests.size} tests, ${rules.size} rules): ${cause}`,
    ...differences.slice(0, examplesMax).flatMap(renderDifference),
    ...(more > 0 ? [`    … and ${more} more`] : []),
  ];
}

function renderDifference({
  ruleId,
  name,
  function: functionName,
  here,
  there,
}: Difference): readonly string[] {
  return [
    `    ${ruleId}: ${name} [${functionName}]`,
    `      here  ${JSON.stringify(here)}`,
    `      there ${JSON.stringify(there)}`,
  ];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
