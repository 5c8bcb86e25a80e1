import type { Problem } from "../../core/errors.ts";
import { loadLogTypes, type LogTypes } from "../../parsers/log-types.ts";
import type { DetectionSpec, PantherContent } from "../../rules/panther/content.ts";
import { didYouMean } from "../../rules/check-definition.ts";
import { nearest } from "../../rules/nearest.ts";
import type { LoadedRule } from "../../rules/runtime.ts";
import type { RuleTestFile } from "../../rules/test-definition.ts";
import { loadRulesForTesting, type RulesForTesting } from "../load-for-testing.ts";
import { checkTests } from "./check-definition.ts";
import { findTestFiles, ruleBeside, testFilesBeside } from "./find-test-files.ts";
import { decidingFunction, fromPanther } from "./from-panther.ts";
import type { PlanProblem, RuleTest, TestMock, TestPlan, TestResult } from "./model.ts";
import type { Report } from "./plain-value.ts";
import { readTestFile, testsInRule, type WrittenTests } from "./read-test-file.ts";
import { EventResolver } from "./resolve-events.ts";
import { runTest, type RunTestOptions } from "./run.ts";
import { toRuleTest } from "./to-rule-test.ts";
import { KeyOwners } from "./warnings.ts";

export interface PlanOptions {
  /** Files and folders with rules, as for `--rules`; a test file stands for the rule beside it. */
  readonly paths: readonly string[];
  /** Files and folders with the user's own log types. */
  readonly logTypes: readonly string[];
  /** Let unknown keys in Panther's YAML pass. Default: false. */
  readonly ignoreExtraKeys?: boolean;
}

export type RunOptions = Omit<RunTestOptions, "logTypes" | "instrument">;

/** Tests that were found, with the rules that they are for. */
export interface PlannedTests extends TestPlan {
  /** Those that can be asked, sorted by rule id. */
  readonly rules: readonly LoadedRule[];
  /** What Panther's YAML says of a rule; `undefined` for a rule in TypeScript. */
  specOf(ruleId: string): DetectionSpec | undefined;
  /** The Panther repository that rules come from; `undefined` where there is none. */
  readonly content: PantherContent | undefined;
  /** Runs one test on state of its own. Tests of one thread run one after another, however many are asked for at once. */
  run(test: RuleTest, options?: RunOptions): Promise<TestResult>;
}

/**
 * Finds the rules below these paths and their tests, in the rules and beside them, without running any. What has a problem
 * is left out, and all the rest can be run.
 */
export async function planTests(options: PlanOptions): Promise<PlannedTests> {
  const { ignoreExtraKeys = false } = options;
  const { logTypes, problems: logTypeProblems } = loadLogTypes(options.logTypes);
  const found = findTestFiles(options.paths);
  const loaded = await loadRulesForTesting(found.rulePaths, { pantherTests: true, ignoreExtraKeys });
  const loadProblems: readonly PlanProblem[] = [...loaded.problems, ...loaded.loadAll()];
  const broken = new Set(loadProblems.map(({ ruleId }) => ruleId));
  const rules = loaded.rules.filter(({ manifest }) => !broken.has(manifest.id));
  const planning = new Planning(rules, loaded, logTypes);
  for (const rule of rules) await planning.addRule(rule);
  const brokenFiles = new Set(loadProblems.map(({ file }) => file));
  for (const file of found.testFiles) await planning.addStray(file, brokenFiles);
  return {
    ...planning.plan([...logTypeProblems, ...loadProblems]),
    rules,
    content: loaded.content,
    specOf: (ruleId) => loaded.specOf(ruleId),
    run: createRunner(rules, loaded, logTypes),
  };
}

/** Gathers tests rule by rule. */
class Planning {
  readonly #rules: ReadonlyMap<string, LoadedRule>;
  readonly #loaded: RulesForTesting;
  readonly #logTypes: LogTypes;
  readonly #tests: RuleTest[] = [];
  readonly #problems: Problem[] = [];
  /** Test files that were looked at. */
  readonly #files = new Set<string>();

  constructor(rules: readonly LoadedRule[], loaded: RulesForTesting, logTypes: LogTypes) {
    this.#loaded = loaded;
    this.#rules = new Map(rules.map((rule) => [rule.manifest.id, rule]));
    this.#logTypes = logTypes;
  }

  async addRule(rule: LoadedRule): Promise<void> {
    const { id, file, line } = rule.manifest;
    if (rule.tests !== undefined) await this.#add(testsInRule(rule.tests, file, line), rule);
    const spec = this.#loaded.specOf(id);
    if (spec !== undefined) {
      this.#tests.push(...spec.tests.map((test) => fromPanther(test, spec, this.#logTypes)));
    }
    const files = spec?.body.kind === "python" ? [file, spec.body.file] : [file];
    for (const testFile of new Set(files.flatMap(testFilesBeside))) await this.#addFile(testFile, rule);
  }

  /** A test file that no rule has beside it, or that was looked at already. `brokenFiles` could not be loaded. */
  async addStray(file: string, brokenFiles: ReadonlySet<string>): Promise<void> {
    if (this.#files.has(file)) return;
    const beside = ruleBeside(file);
    // Without the rule that is broken, the tests would only be reported to be for nothing.
    if (beside === undefined || !brokenFiles.has(beside)) await this.#addFile(file, undefined);
  }

  plan(otherProblems: readonly PlanProblem[]): TestPlan {
    const tests = this.#tests.toSorted((left, right) =>
      left.ruleId === right.ruleId ? 0 : left.ruleId < right.ruleId ? -1 : 1,
    );
    const tested = new Set(tests.map(({ ruleId }) => ruleId));
    const { distinctTests, repeated } = withoutSameNames(tests);
    const problems = [...otherProblems, ...this.#problems, ...repeated];
    const distinct = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
    const correlationRules = this.#loaded.content?.correlationRules ?? [];
    return {
      tests: distinctTests,
      notRunYet: correlationRules.map(({ id, yamlFile, tests }) => ({ id, file: yamlFile, tests })),
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
      const problemsBefore = this.#problems.length;
      const test = toRuleTest({ rule: rule.manifest, definition, path, file, line }, resolver, report);
      const mocks = await this.#withConstants(test, { rule, path, report });
      if (this.#problems.length > problemsBefore) continue;
      this.#tests.push({ ...test, mocks, decides: decidingFunction(this.#loaded.specOf(rule.manifest.id)) });
    }
  }

  /** The mocks of a test, those of imports that are no functions marked. */
  async #withConstants({ mocks }: RuleTest, { rule, path, report }: MockPlace): Promise<readonly TestMock[]> {
    const { id } = rule.manifest;
    const { instrument } = this.#loaded;
    const marked: TestMock[] = [];
    for (const mock of mocks) {
      const { name, answer } = mock;
      const constant = instrument.mockable(id).has(name) && (await instrument.isConstant(id, name));
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

interface DistinctTests {
  readonly distinctTests: readonly RuleTest[];
  readonly repeated: readonly Problem[];
}

/** Of tests with one name, the first. Panther lets names repeat. */
function withoutSameNames(tests: readonly RuleTest[]): DistinctTests {
  const repeated: Problem[] = [];
  const first = new Map<string, RuleTest>();
  const distinctTests = tests.filter((test) => {
    const key = JSON.stringify([test.ruleId, test.name]);
    const other = first.get(key);
    if (other === undefined) first.set(key, test);
    if (other === undefined || (test.isPanther === true && other.isPanther === true)) return true;
    const message = `test ${JSON.stringify(test.name)}: ${test.ruleId} has another test of this name in ${other.file}:${other.line}`;
    repeated.push({ file: test.file, line: test.line, message });
    return false;
  });
  return { distinctTests, repeated };
}

/** Settles when the test that this thread runs has ended: an evaluation, and `console`, belong to a thread. */
let running: Promise<unknown> = Promise.resolve();

function createRunner(
  rules: readonly LoadedRule[],
  { instrument }: RulesForTesting,
  logTypes: LogTypes,
): PlannedTests["run"] {
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
