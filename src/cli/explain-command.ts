import type { Command } from "commander";

import type { ExplainOptions } from "./explain.ts";
import { examples, logTypesOption, type ProgramParts, ruleBudgetOption, rulesOption } from "./options.ts";

/** `explain`: why a rule fires on an event, or does not. */
export function addExplain(program: Command, { io, finish }: ProgramParts): void {
  program
    .command("explain")
    .description("would a rule fire on an event, and why: condition by condition, state by state")
    .argument("<rule>", "id of the rule")
    .requiredOption("--event <file>", "the event as JSON, or several, one a line; - is standard input")
    .addOption(rulesOption())
    .option("--log-type <name>", "log type of every event; else it is recognised")
    .addOption(logTypesOption())
    .option("--state <file>", "start from what this state remembers; it is not changed (default: nothing)")
    .addOption(ruleBudgetOption("how long the rule may take over one event"))
    .option("--json", "one JSON object on standard output", false)
    .addHelpText(
      "after",
      examples(
        "stakeout explain AWS.CloudTrail.AccessDeniedBurst --event event.json",
        "stakeout explain AWS.CloudTrail.AccessDeniedBurst --event event.json --state stakeout.db",
        "tail -3 events.ndjson | stakeout explain AWS.CloudTrail.AccessDeniedBurst --event - --json",
      ),
    )
    .action(async (rule: string, options: Omit<ExplainOptions, "rule">) => {
      const { explainCommand } = await import("./explain.ts");
      finish(await explainCommand({ rule, ...options }, io));
    });
}
