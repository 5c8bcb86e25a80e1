import { listSuspensions } from "../engine/suspensions.ts";
import { type CommandIo, writeText } from "./io.ts";
import { type Column, renderTable } from "./table.ts";
import { withState } from "./with-state.ts";

export interface SuspendedRulesOptions {
  readonly state: string;
  readonly json: boolean;
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
