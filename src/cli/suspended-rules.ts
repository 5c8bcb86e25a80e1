import { StakeoutError } from "../core/errors.ts";
import { printable } from "../core/text.ts";
import { listSuspensions, resumeRule } from "../engine/suspensions.ts";
import { type CommandIo, writeText } from "./io.ts";
import { type Column, renderTable } from "./table.ts";
import { withState } from "./with-state.ts";

export interface SuspendedRulesOptions {
  readonly state: string;
  readonly json: boolean;
}

export interface ResumeRuleOptions {
  readonly state: string;
  /** Id of the rule. */
  readonly rule: string;
}

const columns: readonly Column[] = [{ name: "RULE" }, { name: "SINCE" }, { name: "REASON" }];

/** Prints every rule that is suspended in a state file. Answers 0. */
export async function suspendedRulesCommand(options: SuspendedRulesOptions, io: CommandIo): Promise<number> {
  const suspensions = await withState(options.state, { readOnly: true }, listSuspensions);
  if (options.json) {
    await writeText(io.stdout, suspensions.map((suspension) => `${JSON.stringify(suspension)}\n`).join(""));
  } else if (suspensions.length === 0) {
    io.stderr.write("No rule is suspended.\n");
  } else {
    const rows = suspensions.map(({ ruleId, since, reason }) => [ruleId, since, reason]);
    await writeText(io.stdout, renderTable(columns, rows, io.stdout));
  }
  return 0;
}

/**
 * Has a suspended rule asked again from the next run on. Answers 0; throws `NOT_FOUND` when it is not suspended and
 * `STATE_FILE_LOCKED` while a run is going on.
 */
export async function resumeRuleCommand({ state, rule }: ResumeRuleOptions, io: CommandIo): Promise<number> {
  const resumed = await withState(state, { readOnly: false }, (store) => resumeRule(store, rule));
  if (!resumed) {
    throw new StakeoutError(
      "NOT_FOUND",
      `There is no suspended rule ${printable(rule)}. "stakeout rules suspended" shows all.`,
    );
  }
  io.stderr.write(`Rule ${printable(rule)} is asked again from the next run on.\n`);
  return 0;
}
