import { relative } from "node:path";

import { openState } from "../config/open-state.ts";
import { StakeoutError } from "../core/errors.ts";
import { printable } from "../core/text.ts";
import { loadLogTypes } from "../parsers/log-types.ts";
import { nearest } from "../rules/nearest.ts";
import type { LoadedRule } from "../rules/runtime.ts";
import { createMemoryStore } from "../state/memory/memory-store.ts";
import { loadRulesForTesting } from "../testing/load-for-testing.ts";
import { type ExplainedMatch, Explainer, type Explanation } from "../testing/explain.ts";
import { type EventText, readEvents } from "./explain-events.ts";
import { type CommandIo, paint, showsColor, writeText } from "./io.ts";
import { loadingBudgets } from "./options.ts";
import { renderProblems } from "./problems.ts";
import { renderTrace } from "./render-trace.ts";

export interface ExplainOptions {
  /** Id of the rule. */
  readonly rule: string;
  /** File with one event or several; `-` is standard input. */
  readonly event: string;
  readonly rules: readonly string[];
  readonly logType?: string;
  readonly logTypesDir: readonly string[];
  /** State file to start from; left out, nothing is remembered. */
  readonly state?: string;
  readonly json: boolean;
  /** How long the rule may take over one event, in milliseconds. */
  readonly ruleBudget: number;
}

/**
 * Tells what a rule makes of events, one after another, and why. Nothing is written, a state file included. Answers 0
 * whether the rule fires or not, 2 when rules or log types are invalid; throws `USAGE` for an unknown rule and for events
 * that cannot be read.
 */
export async function explainCommand(options: ExplainOptions, io: CommandIo): Promise<number> {
  using watchdog = io.watch?.();
  watchdog?.enter("loading the rules", options.ruleBudget * loadingBudgets);
  const loaded = await loadRulesForTesting(options.rules, { pantherTests: false, ignoreExtraKeys: true });
  const { logTypes, problems: logTypeProblems } = loadLogTypes(options.logTypesDir);
  const problems = [...logTypeProblems, ...loaded.problems];
  const rule = loaded.rules.find(({ manifest }) => manifest.id === options.rule);
  // Problems of other rules keep nobody from looking at this one.
  if (problems.length > 0 && (rule === undefined || logTypeProblems.length > 0)) {
    io.stderr.write(renderProblems(problems));
    return 2;
  }
  if (rule === undefined) throw unknownRule(loaded.rules, options.rule);
  // Reading the events may wait for standard input.
  watchdog?.leave();
  const isText = options.logType !== undefined && logTypes.get(options.logType)?.text !== undefined;
  const events = await readEvents({ file: options.event, stdin: io.stdin, isText });
  // What the events do to a state that was opened for reading stays in memory.
  const store =
    options.state === undefined ? createMemoryStore() : openState(options.state, { readOnly: true });
  try {
    const { instrument } = loaded;
    const { logType } = options;
    using explainer = await Explainer.create({ rule, instrument, store, logTypes, logType, clock: io.clock });
    const explain = (text: string): Promise<Explanation> => {
      watchdog?.enter(`rule ${rule.manifest.id}`, options.ruleBudget);
      return explainer.explain(text);
    };
    await (options.json ? writeJson : writeScreen)({ rule, events, explain, io });
    watchdog?.leave();
  } finally {
    await store.close();
  }
  return 0;
}

function unknownRule(rules: readonly LoadedRule[], id: string): StakeoutError {
  const ids = rules.map(({ manifest }) => manifest.id);
  const meant = nearest(id, ids);
  const known = ids.length === 0 ? "there are none" : `there are ${ids.slice(0, 10).join(", ")}`;
  const advice = meant === undefined ? `${known}${ids.length > 10 ? ", …" : ""}` : `did you mean ${meant}?`;
  return new StakeoutError("USAGE", `There is no rule ${id}; ${advice}`, { fields: { rule: id } });
}

interface Writing {
  readonly rule: LoadedRule;
  readonly events: readonly EventText[];
  readonly explain: (text: string) => Promise<Explanation>;
  readonly io: CommandIo;
}

async function writeJson({ rule, events, explain, io }: Writing): Promise<void> {
  const { id, file, line, enabled, logTypes } = rule.manifest;
  const explanations = [];
  for (const { text, line } of events) explanations.push({ line, ...(await explain(text)) });
  const report = { rule: { id, file, line, enabled, logTypes }, events: explanations };
  await writeText(io.stdout, `${JSON.stringify(report)}\n`);
}

async function writeScreen({ rule, events, explain, io }: Writing): Promise<void> {
  for (const [index, { text, line }] of events.entries()) {
    const explanation = await explain(text);
    const heading = events.length === 1 ? "" : `event ${index + 1} of ${events.length}, line ${line}: `;
    const gap = index === 0 ? "" : "\n";
    await writeText(io.stdout, gap + heading + renderExplanation(rule, explanation, io));
  }
}

function renderExplanation(rule: LoadedRule, explanation: Explanation, io: CommandIo): string {
  const { stdout } = io;
  const { trace, match, errors, engineTime, eventTime } = explanation;
  const lines = [verdictLine(rule, explanation, io)];
  if (explanation.verdict === "not asked") return `${lines.join("")}\n`;
  const differs = eventTime === engineTime ? "" : `, event time ${eventTime ?? "unknown"}`;
  lines.push(`\n${paint(stdout, "dim", `  engine time ${engineTime}${differs}`)}\n`);
  lines.push(renderTrace(trace, { color: showsColor(stdout) }));
  if (explanation.printed !== "") {
    const printed = explanation.printed.trimEnd().split("\n");
    lines.push(
      `${paint(stdout, "dim", "  printed")}\n`,
      ...printed.map((line) => `    ${printable(line)}\n`),
    );
  }
  for (const { function: name, message } of errors) {
    lines.push(`  ${paint(stdout, "red", `${name} threw ${printable(message)}`)}\n`);
  }
  if (match !== null) lines.push(renderMatch(match, io));
  return lines.join("");
}

function verdictLine({ manifest }: LoadedRule, explanation: Explanation, { stdout }: CommandIo): string {
  const { verdict, reason, match, errors } = explanation;
  const place = `${relative(process.cwd(), manifest.file)}:${manifest.line}`;
  const name = paint(stdout, "bold", manifest.id);
  if (verdict === "not asked")
    return `${name} ${paint(stdout, "yellow", "is not asked")}: ${printable(reason ?? "")}`;
  const threw = errors.find((error) => error.function === "rule")?.message ?? "";
  const outcome = {
    fires: `${paint(stdout, "green", "fires")}: ${consequence(match, manifest.threshold)}`,
    "does not fire": paint(stdout, "yellow", "does not fire"),
    throws: `${paint(stdout, "red", "throws")} ${printable(threw)}`,
  }[verdict];
  const first = reason === null ? "" : `${reason}; if it were enabled, it `;
  return `${name} ${reason === null ? "" : "· "}${first}${outcome} ${paint(stdout, "dim", `(${printable(place)})`)}`;
}

function consequence(match: ExplainedMatch | null, threshold: number): string {
  if (match === null) return "the match is only counted, the rule raises no alerts";
  if (match.raisesAlert) return "an alert is raised";
  return threshold > 1
    ? `no alert by this match, the rule raises one for ${threshold} within its dedup window`
    : "no new alert, the match belongs to the one that is open for its dedup key";
}

function renderMatch(match: ExplainedMatch, { stdout }: CommandIo): string {
  const { title, dedup, severity, destinations, unique, context } = match;
  const fields: readonly (readonly [string, string])[] = [
    ["title", title],
    ["dedup", dedup],
    ["severity", severity],
    ["destinations", destinations === null ? "default" : destinations.join(", ") || "none"],
    ...(unique === null ? [] : [["unique", unique] as const]),
    ["context", JSON.stringify(context)],
  ];
  const lines = fields.map(
    ([name, value]) => `    ${paint(stdout, "dim", name.padEnd(13))} ${printable(value)}\n`,
  );
  return `${paint(stdout, "dim", "  match")}\n${lines.join("")}`;
}
