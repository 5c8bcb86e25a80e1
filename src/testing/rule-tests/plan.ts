import type { Problem } from "../../core/errors.ts";
import { loadLogTypes, type LogTypes } from "../../parsers/log-types.ts";
import { didYouMean } from "../../rules/check-definition.ts";
import { nearest } from "../../rules/nearest.ts";
import type { LoadedRule } from "../../rules/runtime.ts";
import type { RuleTestFile } from "../../rules/test-definition.ts";
import { loadForTesting, type TestInstrument } from "../../rules/typescript/test-instrument.ts";
import { checkTests } from "./check-definition.ts";
import { findTestFiles, ruleBeside, testFilesBeside } from "./find-test-files.ts";
import { isConstantImport } from "./imported-value.ts";
import type { RuleTest, TestMock, TestPlan, TestResult } from "./model.ts";
import type { Report } from "./plain-value.ts";
import { readTestFile, testsInRule, type WrittenTests } from "./read-test-file.ts";
import { EventResolver } from "./resolve-events.ts";
import { runTest } from "./run.ts";
import { toRuleTest } from "./to-rule-test.ts";
import { KeyOwners } from "./warnings.ts";

export interface PlanOptions {
  /** Files and folders with rules, as for `--rules`; a test file stands for the rule beside it. */
  readonly paths: readonly string[];
  /** Files and folders with the user's own log types. */
  readonly logTypes: readonly string[];
}

export interface RunOptions {
  /** Call the auxiliary functions also for events that do not match; what fails in them fails the test. Default: false. */
  readonly strictAuxiliary?: boolean;
  /** Trace the test even when it passes. Default: false. */
  readonly trace?: boolean;
  /** Gets what the rule prints as it comes; the result has all of it, too. */
  readonly onPrinted?: (text: string) => void;
}

/** Tests that were found, with the rules that they are for. Usable only when there are no problems. */
export interface PlannedTests extends TestPlan {
  /** Sorted by rule id. */
  readonly rules: readonly LoadedRule[];
  /** Runs one test on state of its own. Tests of one thread run one after another, however many are asked for at once. */
  run(test: RuleTest, options?: RunOptions): Promise<TestResult>;
}

/** Finds the rules below these paths and their tests, in the rules and beside them, without running any. */
export async function planTests(options: PlanOptions): Promise<PlannedTests> {
  const { logTypes, problems: logTypeProblems } = loadLogTypes(options.logTypes);
  const found = findTestFiles(options.paths);
  const loaded = await loadForTesting(found.rulePaths);
  const planning = new Planning(loaded, logTypes);
  for (const rule of loaded.rules) await planning.addRule(rule);
  const brokenFiles = new Set(loaded.problems.map(({ file }) => file));
  for (const file of found.testFiles) await planning.addStray(file, brokenFiles);
  return {
    ...planning.plan([...logTypeProblems, ...loaded.problems]),
    rules: loaded.rules,
    run: createRunner(loaded, logTypes),
  };
}

/** Gathers tests rule by rule. */
class Planning {
  readonly #rules: ReadonlyMap<string, LoadedRule>;
  readonly #instrument: TestInstrument;
  readonly #logTypes: LogTypes;
  readonly #tests: RuleTest[] = [];
  readonly #problems: Problem[] = [];
  /** Test files that were looked at. */
  readonly #files = new Set<string>();

  constructor({ rules, instrument }: Loaded, logTypes: LogTypes) {
    this.#instrument = instrument;
    this.#rules = new Map(rules.map((rule) => [rule.manifest.id, rule]));
    this.#logTypes = logTypes;
  }

  async addRule(rule: LoadedRule): Promise<void> {
    const { file, line } = rule.manifest;
    if (rule.tests !== undefined) await this.#add(testsInRule(rule.tests, file, line), rule);
    for (const testFile of testFilesBeside(file)) await this.#addFile(testFile, rule);
  }

  /** A test file that no rule has beside it, or that was looked at already. `brokenFiles` could not be loaded. */
  async addStray(file: string, brokenFiles: ReadonlySet<string>): Promise<void> {
    if (this.#files.has(file)) return;
    const beside = ruleBeside(file);
    // Without the rule that is broken, the tests would only be reported to be for nothing.
    if (beside === undefined || !brokenFiles.has(beside)) await this.#addFile(file, undefined);
  }

  plan(otherProblems: readonly Problem[]): TestPlan {
    const tests = this.#tests.toSorted((left, right) =>
      left.ruleId === right.ruleId ? 0 : left.ruleId < right.ruleId ? -1 : 1,
    );
    const tested = new Set(tests.map(({ ruleId }) => ruleId));
    const problems = [...otherProblems, ...this.#problems, ...sameNames(tests)];
    const distinct = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
    return {
      tests,
      untested: [...this.#rules.keys()].filter((ruleId) => !tested.has(ruleId)),
      problems: [...distinct.values()],
    };
  }

  async #addFile(file: string, beside: LoadedRule | undefined): Promise<void> {
    this.#files.add(file);
    const written = await readTestFile(file, this.#problems);
    if (written !== undefined) await this.#add(written, beside);
  }

  async #add({ content, place }: WrittenTests, beside: LoadedRule | undefined): Promise<void> {
    const checked = checkTests(content, place, this.#problems);
    if (checked === undefined) return;
    const rule = checked.rule === undefined ? beside : this.#rules.get(checked.rule);
    if (rule === undefined) {
      this.#problems.push({
        file: place.file,
        line: place.lineOf(["rule"]),
        message: this.#unknownRule(checked),
      });
      return;
    }
    const toPath = (path: readonly PropertyKey[]): readonly PropertyKey[] =>
      Array.isArray(content) ? path.slice(1) : path;
    const { file } = place;
    const report = (path: readonly PropertyKey[], message: string): void => {
      const test = path[0] === "tests" ? checked.tests[Number(path[1])] : undefined;
      const name = test === undefined ? "" : `test ${JSON.stringify(test.name)}: `;
      this.#problems.push({ file, line: place.lineOf(toPath(path)), message: `${name}${message}` });
    };
    const bases = checked.events ?? {};
    const resolver = new EventResolver({
      file,
      bases,
      logTypes: this.#logTypes,
      report,
      problems: this.#problems,
    });
    resolver.checkBases();
    for (const [index, definition] of checked.tests.entries()) {
      const path = ["tests", index];
      const line = place.lineOf(toPath(path));
      const test = toRuleTest({ rule: rule.manifest, definition, path, file, line }, resolver, report);
      this.#tests.push({ ...test, mocks: await this.#withConstants(test, { rule, path, report }) });
    }
  }

  /** The mocks of a test, those of imports that are no functions marked. */
  async #withConstants({ mocks }: RuleTest, { rule, path, report }: MockPlace): Promise<readonly TestMock[]> {
    const marked: TestMock[] = [];
    for (const mock of mocks) {
      const { name, answer } = mock;
      const known = this.#instrument.mockable(rule.manifest.id).has(name);
      const constant = known && (await isConstantImport(rule.manifest.file, name));
      if (constant && answer.kind !== "value") {
        report([...path, "mocks", name], `${name} is no function, so a mock of it is the value itself`);
      }
      marked.push(constant ? { ...mock, constant } : mock);
    }
    return marked;
  }

  #unknownRule({ rule }: RuleTestFile): string {
    if (rule === undefined) {
      return "there is no rule in a file of the same name beside these tests: say which rule they are for with rule: ID";
    }
    return `tests for an unknown rule: there is no ${rule} below the paths given${didYouMean(nearest(rule, this.#rules.keys()))}`;
  }
}

interface MockPlace {
  readonly rule: LoadedRule;
  readonly path: readonly PropertyKey[];
  readonly report: Report;
}

function sameNames(tests: readonly RuleTest[]): readonly Problem[] {
  const problems: Problem[] = [];
  const first = new Map<string, RuleTest>();
  for (const test of tests) {
    const key = JSON.stringify([test.ruleId, test.name]);
    const other = first.get(key);
    if (other === undefined) first.set(key, test);
    else {
      const message = `test ${JSON.stringify(test.name)}: ${test.ruleId} has another test of this name in ${other.file}:${other.line}`;
      problems.push({ file: test.file, line: test.line, message });
    }
  }
  return problems;
}

/** Settles when the test that this thread runs has ended: an evaluation, and `console`, belong to a thread. */
let running: Promise<unknown> = Promise.resolve();

interface Loaded {
  readonly rules: readonly LoadedRule[];
  readonly instrument: TestInstrument;
}

function createRunner({ rules, instrument }: Loaded, logTypes: LogTypes): PlannedTests["run"] {
  const byId = new Map(rules.map((rule) => [rule.manifest.id, rule]));
  const owners = new KeyOwners();
  const runNow = async (test: RuleTest, options: RunOptions): Promise<TestResult> => {
    const rule = byId.get(test.ruleId);
    if (rule === undefined) throw new RangeError(`The plan has no rule ${test.ruleId}.`);
    const { result, writtenKeys } = await runTest(test, rule, { ...options, logTypes, instrument });
    return { ...result, warnings: [...result.warnings, ...owners.add(test.ruleId, writtenKeys)] };
  };
  return (test, options = {}) => {
    const result = running.then(() => runNow(test, options));
    running = result.catch(() => undefined);
    return result;
  };
}
