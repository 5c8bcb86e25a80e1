import { existsSync } from "node:fs";
import { resolve } from "node:path";

import { StakeoutError } from "../core/errors.ts";
import { printable } from "../core/text.ts";
import { nearest } from "../rules/nearest.ts";
import type { LoadedRule } from "../rules/runtime.ts";
import { textOfTest } from "../testing/report/text.ts";
import type { RuleTest } from "../testing/rule-tests/model.ts";
import { planTests, type PlannedTests } from "../testing/rule-tests/plan.ts";
import { type CommandIo, paint, showsColor, writeText } from "./io.ts";
import { renderProblems } from "./problems.ts";
import { renderTrace } from "./render-trace.ts";
import { defaultPaths } from "./test.ts";

export interface DebugOptions {
  /** Id of the rule, or its file. */
  readonly rule: string;
  readonly test: string;
  /** Files and folders; empty: the rule's own file where one is named, else as for `test`. */
  readonly rules: readonly string[];
  readonly logTypesDir: readonly string[];
  readonly strictAuxiliary: boolean;
  readonly ignoreExtraKeys: boolean;
  /** Port on which to wait for a debugger. */
  readonly inspectBrk?: number;
}

/** Runs one test with everything that can be seen of it. Answers 0 when it passes, 1 when it fails, 2 when it cannot run. */
export async function debugCommand(options: DebugOptions, io: CommandIo): Promise<number> {
  // Before the rules are loaded: a breakpoint that is set first holds from the file's first line on.
  using _ = options.inspectBrk === undefined ? undefined : await waitForDebugger(options.inspectBrk, io);
  const { logTypesDir, ignoreExtraKeys } = options;
  const planned = await planTests({ paths: pathsOf(options), logTypes: logTypesDir, ignoreExtraKeys });
  const rule = planned.rules.find((candidate) => isNamed(candidate, planned, options.rule));
  const ofRule = planned.tests.filter(({ ruleId }) => ruleId === rule?.manifest.id);
  const test = ofRule.find(({ name }) => name === options.test);
  if (test === undefined) {
    // What is missing may be what is invalid; problems of others keep nobody from debugging this test.
    if (planned.problems.length > 0) io.stderr.write(renderProblems(planned.problems));
    throw rule === undefined ? unknownRule(planned, options.rule) : unknownTest(rule, ofRule, options.test);
  }
  const result = await planned.run(test, {
    strictAuxiliary: options.strictAuxiliary,
    trace: true,
    onPrinted: (text) => void io.stdout.write(text.split("\n").map(printable).join("\n")),
  });
  const { stdout } = io;
  const color = showsColor(stdout);
  const { trace } = result;
  const report = textOfTest({ ...result, trace: undefined, printed: "" }, { color, renderTrace: () => "" });
  await writeText(stdout, `${paint(stdout, "bold", test.ruleId)}\n${report}`);
  if (trace !== undefined) await writeText(stdout, `\n${renderTrace(trace, { color })}`);
  return result.passed ? 0 : 1;
}

function pathsOf({ rules, rule }: DebugOptions): readonly string[] {
  if (rules.length > 0) return rules;
  return existsSync(rule) ? [rule] : defaultPaths();
}

/** By its id or one of its files. */
function isNamed({ manifest }: LoadedRule, planned: PlannedTests, wanted: string): boolean {
  const { id, file } = manifest;
  if (id === wanted || file === resolve(wanted)) return true;
  const body = planned.specOf(id)?.body;
  return body?.kind === "python" && body.file === resolve(wanted);
}

function unknownRule({ rules }: PlannedTests, wanted: string): StakeoutError {
  const ids = rules.map(({ manifest }) => manifest.id);
  const meant = nearest(wanted, ids);
  const advice = meant === undefined ? `There are ${listed(ids)}.` : `Did you mean ${meant}?`;
  return new StakeoutError("USAGE", `There is no rule ${wanted}. ${advice}`);
}

function unknownTest({ manifest }: LoadedRule, tests: readonly RuleTest[], wanted: string): StakeoutError {
  const names = tests.map((test) => test.name);
  const meant = nearest(wanted, names);
  const advice =
    meant === undefined ? `It has ${listed(names.map((name) => `"${name}"`))}.` : `Did you mean "${meant}"?`;
  return new StakeoutError("USAGE", `Rule ${manifest.id} has no test named "${wanted}". ${advice}`);
}

/** Names shown at once; more of them nobody reads. */
const namesMax = 20;

function listed(names: readonly string[]): string {
  if (names.length === 0) return "none";
  const more = names.length > namesMax ? ` and ${names.length - namesMax} more` : "";
  return names.slice(0, namesMax).join(", ") + more;
}

/** Opens this process to a debugger on this machine and waits until one has set its breakpoints. */
async function waitForDebugger(port: number, io: CommandIo): Promise<Disposable> {
  const inspector = await import("node:inspector");
  io.stderr.write(
    `Waiting for a debugger on 127.0.0.1:${port}; in an editor, attach to this Node process.\n`,
  );
  const opened = inspector.open(port, "127.0.0.1", true);
  if (inspector.url() === undefined) {
    throw new StakeoutError(
      "USAGE",
      `Cannot listen on 127.0.0.1:${port}: is another debugger using it? Name a port with --inspect-brk <port>.`,
    );
  }
  return opened;
}
