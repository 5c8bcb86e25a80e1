import { execFile } from "node:child_process";
import { extname, join } from "node:path";

import type { Problem } from "../../core/errors.ts";
import type { JsonReport } from "../../testing/report/json.ts";

/** Of a report. */
const reportBytesMax = 256 * 1024 * 1024;
/** Tests have their own limits of time; this is for a process that does not keep to them. */
const testsMsMax = 600_000;

export interface TestedContent {
  readonly rules: readonly string[];
  readonly logTypes: readonly string[];
}

/** Runs the rules' tests in a process of its own, which no test can hold up or end for us. Answers what failed. */
export async function testProblems({ rules, logTypes }: TestedContent): Promise<readonly Problem[]> {
  const main = join(import.meta.dirname, "..", `main${extname(import.meta.filename)}`);
  const own = logTypes.length === 0 ? [] : ["--log-types-dir", ...logTypes];
  const args = [...process.execArgv, main, "test", ...rules, ...own, "--format", "json"];
  const { promise, resolve } = Promise.withResolvers<readonly Problem[]>();
  const options = { encoding: "utf8", maxBuffer: reportBytesMax, timeout: testsMsMax } as const;
  execFile(process.execPath, args, options, (error, stdout, stderr) => {
    const report = parseReport(stdout);
    if (report !== undefined) return resolve(problemsOf(report));
    // Without rules or tests there is nothing to report, and nothing to complain about.
    if (error === null) return resolve([]);
    const message = stderr.trim().split("\n").at(-1) || error.message;
    resolve([{ file: "", line: 0, message: `The tests of the rules could not be run: ${message}` }]);
  });
  return await promise;
}

/** The report is one line. What rules print while they are loaded comes before it. */
function parseReport(text: string): JsonReport | undefined {
  const lines = text.trimEnd();
  try {
    return JSON.parse(lines.slice(lines.lastIndexOf("\n") + 1)) as JsonReport;
  } catch {
    return undefined;
  }
}

function problemsOf({ problems, tests }: JsonReport): readonly Problem[] {
  const failed = tests.filter(({ passed }) => !passed);
  return [
    ...problems.map(({ file, line, message }) => ({ file, line, message })),
    ...failed.map(({ file, line, ruleId, name, failures, error }) => {
      const [reason = ""] = (error ?? failures[0]?.message ?? "see stakeout test").split("\n");
      return { file, line, message: `the test "${name}" of ${ruleId} fails: ${reason}` };
    }),
  ];
}
