import { existsSync } from "node:fs";

import { StakeoutError } from "../core/errors.ts";
import { printable } from "../core/text.ts";
import { packFilter, parseFilter, type RuleFilter } from "../rules/panther/filter.ts";
import { stackOf, thrownText } from "../rules/thrown.ts";
import { jsonReport } from "../testing/report/json.ts";
import { junitReport } from "../testing/report/junit.ts";
import {
  allPassed,
  countTests,
  hasFailed,
  type RuleReport,
  type TestReport,
} from "../testing/report/report.ts";
import { textReport } from "../testing/report/text.ts";
import type { TestResult, Trace } from "../testing/rule-tests/model.ts";
import { planTests, type PlannedTests, type PlanOptions } from "../testing/rule-tests/plan.ts";
import { type CommandIo, showsColor, writeText } from "./io.ts";
import { loadingBudgets } from "./options.ts";
import { renderProblems } from "./problems.ts";
import { renderTrace } from "./render-trace.ts";
import { checkReplaceable, replaceFile } from "./replace-file.ts";
import { renderCoverage, type RuleCoverage, TestCoverage } from "./test-coverage/coverage.ts";
import { LateErrors } from "./test-late-errors.ts";
import { TestProgress } from "./test-progress.ts";
import { executeTests } from "./test-run.ts";
import { type Selection, selectTests } from "./test-selection.ts";
import { watchTests } from "./test-watch.ts";
import type { Watchdog } from "./watchdog/watchdog.ts";

export interface TestOptions {
  /** Files and folders, as arguments and as options; none at all: `defaultPaths`. */
  readonly paths: readonly string[];
  readonly path: readonly string[];
  readonly logTypesDir: readonly string[];
  readonly format: "text" | "json" | "junit";
  readonly output?: string;
  readonly filter: readonly string[];
  /** Id of a pack. */
  readonly pack?: string;
  readonly testNames: readonly string[];
  readonly showFailuresOnly: boolean;
  readonly minimumTests?: number;
  readonly skipDisabledTests: boolean;
  readonly sortTestResults: boolean;
  readonly availableDestination: readonly string[];
  readonly ignoreExtraKeys: boolean;
  readonly strictAuxiliary: boolean;
  readonly bail: boolean;
  readonly watch: boolean;
  readonly coverage: boolean;
  readonly workers?: number;
  /** How long a test may take, in milliseconds. */
  readonly ruleBudget: number;
}

/**
 * Runs the tests of rules. Answers 0 when all pass; 1 when one fails, a file is invalid, or there is none; 2 when invalid
 * files leave nothing to run.
 */
export async function testCommand(options: TestOptions, io: CommandIo): Promise<number> {
  if (options.coverage && options.workers !== undefined && options.workers > 1) {
    throw new StakeoutError("USAGE", "--coverage counts in one thread: leave --workers out.");
  }
  if (options.output !== undefined) await checkReplaceable(options.output);
  const command = new TestRun(options, io);
  if (!options.watch) return (await command.run()).status ?? 0;
  return watchTests({
    paths: command.paths,
    ignored: options.output === undefined ? [] : [options.output],
    io,
    run: (choose) => command.run(choose),
  });
}

/** The paths that a command without any means: a whole Panther repository, else `./rules` where there is one. */
export function defaultPaths(): readonly string[] {
  const isRepository = ["global_helpers", "data_models", "packs"].some((folder) => existsSync(folder));
  return [existsSync("rules") && !isRepository ? "./rules" : "."];
}

/** What one run of a command's tests came to. */
export interface RunEnd {
  /** `undefined` when none of the rules to choose from was chosen. */
  readonly status: number | undefined;
  readonly planned: PlannedTests;
}

/** Picks rules out of a plan, by id; `undefined` for all. */
export type ChooseRules = (planned: PlannedTests) => ReadonlySet<string> | undefined;

class TestRun {
  readonly paths: readonly string[];
  readonly #options: TestOptions;
  readonly #io: CommandIo;
  readonly #filters: readonly RuleFilter[];

  constructor(options: TestOptions, io: CommandIo) {
    this.#options = options;
    this.#io = io;
    this.#filters = options.filter.map(parseFilter);
    const paths = [...options.paths, ...options.path];
    this.paths = paths.length > 0 ? paths : defaultPaths();
  }

  /** Loads everything afresh, runs the tests, reports. */
  async run(choose: ChooseRules = () => undefined): Promise<RunEnd> {
    const startedMs = this.#io.clock.monotonicMs();
    using lateErrors = new LateErrors();
    await using coverage = this.#options.coverage ? await TestCoverage.start() : undefined;
    using watchdog = this.#io.watch?.();
    watchdog?.enter("loading the rules", this.#options.ruleBudget * loadingBudgets);
    const planned = await planTests(this.#planOptions());
    watchdog?.leave();
    const ruleIds = choose(planned);
    if (planned.problems.length > 0 && (planned.tests.length === 0 || ruleIds?.size === 0)) {
      return { status: await this.#invalid(planned), planned };
    }
    if (ruleIds?.size === 0) {
      this.#io.stderr.write("No rule is concerned.\n");
      return { status: undefined, planned };
    }
    const selection = this.#select(planned, ruleIds);
    await coverage?.begin();
    const planMs = this.#io.clock.monotonicMs() - startedMs;
    const results = await this.#execute(planned, selection, { planMs, watchdog });
    const report = this.#report(selection, results, this.#io.clock.monotonicMs() - startedMs);
    const status = await this.#show(report, await coverage?.of(report.rules));
    const late = await lateErrors.take();
    for (const thrown of late) this.#io.stderr.write(lateErrorText(thrown));
    return { status: late.length > 0 ? 1 : status, planned };
  }

  #select(planned: PlannedTests, ruleIds: ReadonlySet<string> | undefined): Selection {
    const { testNames, skipDisabledTests, minimumTests = 0, pack } = this.#options;
    const inPack = pack === undefined ? undefined : packFilter(planned.content ?? { packs: [] }, pack);
    return selectTests(planned, {
      filters: this.#filters,
      testNames,
      skipDisabledTests,
      minimumTests,
      ruleIds: [ruleIds, inPack].filter((ids) => ids !== undefined),
    });
  }

  #planOptions(): PlanOptions {
    const { logTypesDir, ignoreExtraKeys } = this.#options;
    return { paths: this.paths, logTypes: logTypesDir, ignoreExtraKeys };
  }

  async #execute(
    planned: PlannedTests,
    { tests }: Selection,
    { planMs, watchdog }: { readonly planMs: number; readonly watchdog: Watchdog | undefined },
  ): Promise<readonly TestResult[]> {
    const { strictAuxiliary, availableDestination, bail, workers, coverage, format, output } = this.#options;
    const run = {
      strictAuxiliary,
      availableDestinations: availableDestination.length > 0 ? availableDestination : undefined,
      // A report for programs has no room for why a test failed.
      explainFailures: format !== "json" || output !== undefined,
    };
    const progress = new TestProgress(this.#io, tests.length);
    try {
      return await executeTests(planned, tests, {
        plan: this.#planOptions(),
        planMs,
        run,
        bail,
        workers: coverage ? 1 : workers,
        clock: this.#io.clock,
        testBudgetMs: this.#options.ruleBudget,
        watchdog,
        onProgress: (done, failed) => progress.update(done, failed),
      });
    } finally {
      progress.stop();
    }
  }

  #report(selection: Selection, results: readonly TestResult[], durationMs: number): TestReport {
    const { tests, problems, notRunYet } = selection;
    const byRule = Map.groupBy(results, (result) => result.test.ruleId);
    const rules = selection.rules.map((rule): RuleReport => {
      return { ...rule, results: byRule.get(rule.ruleId) ?? [] };
    });
    const failing = (rule: RuleReport): number => Number(hasFailed(rule));
    return {
      paths: this.paths,
      rules: this.#options.sortTestResults
        ? rules.toSorted((left, right) => failing(left) - failing(right))
        : rules,
      problems,
      notRunYet,
      notRun: tests.length - results.length,
      durationMs,
    };
  }

  async #show(report: TestReport, coverage: readonly RuleCoverage[] | undefined): Promise<number> {
    const { stdout, stderr } = this.#io;
    const shown = await this.#write(report, coverage);
    if (coverage !== undefined) {
      const screen = shown ? stdout : stderr;
      await writeText(screen, `\n${renderCoverage(coverage, screen)}${notCounted(report, coverage)}`);
    }
    const { passed, failed } = countTests(report);
    if (passed + failed === 0) stderr.write(`stakeout: ${this.#nothingText(report)}\n`);
    return passed > 0 && allPassed(report) ? 0 : 1;
  }

  /** Reports what keeps rules and tests from being used. Programs that read a report get it there as well. */
  async #invalid({ problems }: PlannedTests): Promise<number> {
    const { format, output } = this.#options;
    const report = { paths: this.paths, rules: [], problems, notRunYet: [], notRun: 0, durationMs: 0 };
    if (format !== "text" || output !== undefined) await this.#write(report, undefined);
    this.#io.stderr.write(renderProblems(problems));
    return 2;
  }

  /** Writes the report where it was asked for. True when standard output got the text report. */
  async #write(report: TestReport, coverage: readonly RuleCoverage[] | undefined): Promise<boolean> {
    const { format, output } = this.#options;
    const { stdout } = this.#io;
    if (output !== undefined) {
      await replaceFile(output, [this.#render(report, { format, color: false, coverage })]);
    }
    const shown = output === undefined ? format : "text";
    // Where nothing was run, standard error tells it all.
    if (output === undefined || report.rules.length > 0) {
      await writeText(stdout, this.#render(report, { format: shown, color: showsColor(stdout), coverage }));
    }
    return shown === "text";
  }

  #render(report: TestReport, shape: ReportShape): string {
    const { format, color, coverage } = shape;
    const explain = (trace: Trace): string => renderTrace(trace, { color });
    if (format === "junit") return junitReport(report, { renderTrace: explain });
    if (format === "json") return `${JSON.stringify({ ...jsonReport(report), coverage })}\n`;
    return textReport(report, {
      color,
      failuresOnly: this.#options.showFailuresOnly,
      renderTrace: explain,
    });
  }

  #nothingText({ rules }: TestReport): string {
    const { filter, testNames } = this.#options;
    const where = this.paths.join(", ");
    if (rules.length > 0) return `Nothing to test in ${where}: no rule has a test to run.`;
    if (testNames.length > 0)
      return `Nothing to test in ${where}: no test is named ${testNames.join(" or ")}.`;
    if (filter.length > 0)
      return `Nothing to test in ${where}: no rule matches the filters ${filter.join(", ")}.`;
    return `Nothing to test in ${where}`;
  }
}

/** Nothing counts the lines of Python yet, which must not look like lines that no test reached. */
function notCounted({ rules }: TestReport, coverage: readonly RuleCoverage[]): string {
  const counted = new Set(coverage.map(({ ruleId }) => ruleId));
  const others = rules.filter(({ ruleId, skipped }) => !skipped && !counted.has(ruleId)).length;
  if (others === 0) return "";
  return `Not counted: ${others} rule${others === 1 ? "" : "s"} in Python or YAML, for which there is no coverage yet.\n`;
}

function lateErrorText(thrown: unknown): string {
  const lines = (stackOf(thrown) || thrownText(thrown)).split("\n").map(printable).join("\n");
  return `stakeout: a rule left something running that failed: is an await missing?\n${lines}\n`;
}

interface ReportShape {
  readonly format: TestOptions["format"];
  readonly color: boolean;
  readonly coverage: readonly RuleCoverage[] | undefined;
}
