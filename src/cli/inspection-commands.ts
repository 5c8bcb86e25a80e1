import { Option, type Command } from "commander";

import { severities } from "../core/severity.ts";
import type { AlertsListOptions } from "./alerts.ts";
import { examples, parseCount, stateOption, type ProgramParts } from "./options.ts";

/** `alerts`, `errors` and `rules`: what runs left behind in the state. */
export function addInspectionCommands(program: Command, parts: ProgramParts): void {
  addAlerts(program, parts);
  addErrors(program, parts);
  addRules(program, parts);
}

function addAlerts(program: Command, { io, finish }: ProgramParts): void {
  const alerts = program.command("alerts").description("look at alerts, open ones with their counts so far");
  alerts
    .command("list")
    .description("the newest alerts")
    .addOption(stateOption())
    .addOption(new Option("--limit <count>", "at most so many").argParser(parseCount).default(20))
    .addOption(new Option("--status <status>", "only open or closed ones").choices(["open", "closed"]))
    .option("--rule <id>", "only alerts of this rule")
    .addOption(new Option("--severity <severity>", "only of this severity").choices(severities))
    .option("--json", "JSON Lines", false)
    .addHelpText(
      "after",
      examples("stakeout alerts list", "stakeout alerts list --status open --severity high"),
    )
    .action(async (options: AlertsListOptions) => {
      const { listAlertsCommand } = await import("./alerts.ts");
      finish(await listAlertsCommand(options, io));
    });
  alerts
    .command("show")
    .description("one alert in full, with its events")
    .argument("<id>", "id of the alert, or its beginning")
    .addOption(stateOption())
    .option("--json", "one JSON object", false)
    .addHelpText(
      "after",
      examples("stakeout alerts show 3f9a", "stakeout alerts show 3f9a --json | jq .events"),
    )
    .action(async (id: string, options: { state: string; json: boolean }) => {
      const { showAlertCommand } = await import("./alerts.ts");
      finish(await showAlertCommand({ id, ...options }, io));
    });
}

function addErrors(program: Command, { io, finish }: ProgramParts): void {
  const errors = program.command("errors").description("look at rule errors: what rules threw, grouped");
  errors
    .command("list")
    .description("every kind of rule error, with its count")
    .addOption(stateOption())
    .option("--json", "JSON Lines", false)
    .addHelpText("after", examples("stakeout errors list"))
    .action(async (options: { state: string; json: boolean }) => {
      const { listErrorsCommand } = await import("./rule-errors.ts");
      finish(await listErrorsCommand(options, io));
    });
  errors
    .command("show")
    .description("the errors of one rule, with stack and event")
    .argument("<rule>", "id of the rule")
    .addOption(stateOption())
    .option("--json", "JSON Lines", false)
    .addHelpText("after", examples("stakeout errors show AWS.CloudTrail.AccessDeniedBurst"))
    .action(async (rule: string, options: { state: string; json: boolean }) => {
      const { showErrorsCommand } = await import("./rule-errors.ts");
      finish(await showErrorsCommand({ rule, ...options }, io));
    });
}

function addRules(program: Command, { io, finish }: ProgramParts): void {
  const rules = program
    .command("rules")
    .description("look at rules that are suspended, and have them asked again");
  rules
    .command("suspended")
    .description(
      "rules that are not asked any more, because again and again they took too long or ended the lane",
    )
    .addOption(stateOption())
    .option("--json", "JSON Lines", false)
    .addHelpText("after", examples("stakeout rules suspended"))
    .action(async (options: { state: string; json: boolean }) => {
      const { suspendedRulesCommand } = await import("./suspended-rules.ts");
      finish(await suspendedRulesCommand(options, io));
    });
}
