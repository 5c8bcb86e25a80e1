import { listRuleErrors, type RuleErrorGroup } from "../alerts/rule-errors.ts";
import { StakeoutError } from "../core/errors.ts";
import { printable } from "../core/text.ts";
import { paint, writeText, type CommandIo } from "./io.ts";
import { renderTable, type Column } from "./table.ts";
import { withState } from "./with-state.ts";

export interface ErrorsListOptions {
  readonly state: string;
  readonly json: boolean;
}

export interface ErrorsShowOptions extends ErrorsListOptions {
  /** Id of the rule. */
  readonly rule: string;
}

const columns: readonly Column[] = [
  { name: "RULE" },
  { name: "FUNCTION" },
  { name: "TYPE" },
  { name: "COUNT", align: "right" },
  { name: "LAST" },
  { name: "MESSAGE" },
];

/** Prints every group of rule errors of a state file. Answers 0. */
export async function listErrorsCommand(options: ErrorsListOptions, io: CommandIo): Promise<number> {
  const groups = await readGroups(options.state);
  if (options.json) {
    await writeText(io.stdout, jsonLines(groups));
  } else if (groups.length === 0) {
    io.stderr.write("No rule errors.\n");
  } else {
    await writeText(io.stdout, renderTable(columns, groups.map(rowOf), io.stdout));
  }
  return 0;
}

/** Prints the errors of one rule with stack and event. Answers 0; throws `NOT_FOUND` when it has none. */
export async function showErrorsCommand(options: ErrorsShowOptions, io: CommandIo): Promise<number> {
  const groups = (await readGroups(options.state)).filter(({ ruleId }) => ruleId === options.rule);
  if (groups.length === 0) {
    throw new StakeoutError(
      "NOT_FOUND",
      `There are no errors of a rule ${printable(options.rule)}. "stakeout errors list" shows all.`,
    );
  }
  const text = options.json ? jsonLines(groups) : groups.map((group) => renderGroup(group, io)).join("\n");
  await writeText(io.stdout, text);
  return 0;
}

function readGroups(file: string): Promise<readonly RuleErrorGroup[]> {
  return withState(file, { readOnly: true }, listRuleErrors);
}

function jsonLines(groups: readonly RuleErrorGroup[]): string {
  return groups.map((group) => `${JSON.stringify(group)}\n`).join("");
}

function rowOf({ ruleId, function: functionName, type, count, last }: RuleErrorGroup): readonly string[] {
  return [ruleId, functionName, type, String(count), wholeSeconds(last.time), firstLine(last.message)];
}

function renderGroup(
  { ruleId, function: functionName, type, count, first, last, event }: RuleErrorGroup,
  io: CommandIo,
): string {
  const { stream, offset } = first.position;
  const times = count === 1 ? "once" : `${count} times, last ${wholeSeconds(last.time)}`;
  const stack = (first.stack === "" ? first.message : first.stack).split("\n");
  const details = [
    `first ${wholeSeconds(first.time)} at ${stream} offset ${offset}; ${times}`,
    ...stack.map((line) => `  ${line}`),
    event === null ? "event: too large to keep" : `event: ${JSON.stringify(event)}`,
  ];
  const heading = paint(io.stdout, ["bold", "red"], printable(`${ruleId} ${functionName}(): ${type}`));
  return [heading, ...details.map(printable)].map((line) => `${line}\n`).join("");
}

function wholeSeconds(time: string): string {
  return time.replace(/\.\d+Z$/, "Z");
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0] ?? "";
}
