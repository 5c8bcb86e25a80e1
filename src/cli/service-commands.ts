import { InvalidArgumentError, Option, type Command } from "commander";

import { parseDurationMs } from "../core/durations.ts";
import type { DeliveriesChangeOptions, DeliveriesListOptions, DeliveryShowOptions } from "./deliveries.ts";
import { examples, parseCount, type ProgramParts } from "./options.ts";
import type { RuleChange, RuleChangeOptions } from "./rule-change.ts";
import type { DestinationsListOptions, HealthOptions } from "./service-actions.ts";
import type { ServiceOptions } from "./service-client.ts";
import type { StatusOptions } from "./status.ts";
import { rankings } from "./top/rules.ts";
import type { TopOptions } from "./top.ts";

/** What looks at a running service and steers it. */
export function addServiceCommands(program: Command, parts: ProgramParts): void {
  addStatus(program, parts);
  addTop(program, parts);
  addHealth(program, parts);
  addReload(program, parts);
  addDeliveries(program, parts);
  addDestinations(program, parts);
  addRules(program, parts);
}

/** Which service a command speaks to. */
function forService(command: Command): Command {
  return command
    .addOption(
      new Option("-c, --config <file>", "configuration that the service runs").default("./stakeout.yaml"),
    )
    .option("--url <url>", "address of its administration, where it is not the configured one")
    .option("--token-file <file>", "file with the admin token, where it is not the configured one");
}

function addStatus(program: Command, { io, finish }: ProgramParts): void {
  forService(program.command("status"))
    .description("what the running service is doing")
    .option("--json", "one JSON object", false)
    .addHelpText(
      "after",
      examples("stakeout status", "stakeout status -c /etc/stakeout/stakeout.yaml --json"),
    )
    .action(async (options: StatusOptions) => {
      const { statusCommand } = await import("./status.ts");
      finish(await statusCommand(options, io));
    });
}

function addTop(program: Command, { io, finish }: ProgramParts): void {
  forService(program.command("top"))
    .description("watch the running service: speed, backlog, rules, state, destinations; q ends")
    .addOption(new Option("--sort <column>", "order of the rules").choices(rankings).default("time"))
    .addOption(
      new Option("--interval <duration>", "between two looks").argParser(parseInterval).default(1000, "1s"),
    )
    .option("--once", "print one look as text and end", false)
    .addHelpText("after", examples("stakeout top", "stakeout top --once --sort alerts"))
    .action(async (options: TopOptions) => {
      const { topCommand } = await import("./top.ts");
      finish(await topCommand(options, io));
    });
}

function parseInterval(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms >= 1 && ms <= 3_600_000) return ms;
  throw new InvalidArgumentError("It must be a duration from 1ms to 1h, such as 2s.");
}

function addHealth(program: Command, { io, finish }: ProgramParts): void {
  forService(program.command("health"))
    .description("exit status 0 when the running service is well, else 1; for health checks of containers")
    .option("--ready", "ask whether it takes events, not whether it lives", false)
    .addHelpText("after", examples("stakeout health", "stakeout health --ready"))
    .action(async (options: HealthOptions) => {
      const { healthCommand } = await import("./service-actions.ts");
      finish(await healthCommand(options, io));
    });
}

function addReload(program: Command, { io, finish }: ProgramParts): void {
  forService(program.command("reload"))
    .description("have the running service load its rules and log types again")
    .addHelpText("after", examples("stakeout reload"))
    .action(async (options: ServiceOptions) => {
      const { reloadCommand } = await import("./service-actions.ts");
      finish(await reloadCommand(options, io));
    });
}

function addDeliveries(program: Command, parts: ProgramParts): void {
  const { io, finish } = parts;
  const deliveries = program
    .command("deliveries")
    .description("alerts that have not arrived at their destination: look at them, retry, drop");
  forService(deliveries.command("list"))
    .description("deliveries that wait or were given up")
    .option("--destination <name>", "only to this destination")
    .option("--abandoned", "only those that were given up", false)
    .addOption(new Option("--limit <count>", "at most so many").argParser(parseCount).default(100))
    .option("--json", "JSON Lines", false)
    .addHelpText(
      "after",
      examples("stakeout deliveries list", "stakeout deliveries list --abandoned --destination oncall"),
    )
    .action(async (options: DeliveriesListOptions) => {
      const { listDeliveriesCommand } = await import("./deliveries.ts");
      finish(await listDeliveriesCommand(options, io));
    });
  forService(deliveries.command("show"))
    .description("one delivery with its alert")
    .argument("<key>", "key of the delivery")
    .option("--json", "one JSON object", false)
    .addHelpText("after", examples("stakeout deliveries show 9f86d081884c7d65-0000000000000003"))
    .action(async (key: string, options: Omit<DeliveryShowOptions, "key">) => {
      const { showDeliveryCommand } = await import("./deliveries.ts");
      finish(await showDeliveryCommand({ key, ...options }, io));
    });
  addDeliveryChanges(deliveries, parts);
}

function addDeliveryChanges(deliveries: Command, { io, finish }: ProgramParts): void {
  const add = (name: "retry" | "drop", description: string): Command =>
    forService(deliveries.command(name))
      .description(description)
      .argument("[key...]", "keys of deliveries that were given up")
      .option("--destination <name>", "all that were given up for this destination")
      .option("--all", "all that were given up", false)
      .addHelpText(
        "after",
        examples(`stakeout deliveries ${name} --destination oncall`, `stakeout deliveries ${name} --all`),
      );
  type Options = Omit<DeliveriesChangeOptions, "keys">;
  add("retry", "begin deliveries anew that were given up").action(
    async (keys: readonly string[], options: Options) => {
      const { retryDeliveriesCommand } = await import("./deliveries.ts");
      finish(await retryDeliveriesCommand({ keys, ...options }, io));
    },
  );
  add("drop", "forget deliveries for good that were given up").action(
    async (keys: readonly string[], options: Options) => {
      const { dropDeliveriesCommand } = await import("./deliveries.ts");
      finish(await dropDeliveriesCommand({ keys, ...options }, io));
    },
  );
}

function addDestinations(program: Command, { io, finish }: ProgramParts): void {
  const destinations = program.command("destinations").description("where alerts go: look at it, try it");
  forService(destinations.command("list"))
    .description("every destination with what became of its deliveries")
    .option("--json", "JSON Lines", false)
    .addHelpText("after", examples("stakeout destinations list"))
    .action(async (options: DestinationsListOptions) => {
      const { listDestinationsCommand } = await import("./service-actions.ts");
      finish(await listDestinationsCommand(options, io));
    });
  forService(destinations.command("test"))
    .description("send a test alert, marked as one; exit status 1 when it is not taken")
    .argument("<name>", "name of the destination")
    .addHelpText("after", examples("stakeout destinations test oncall"))
    .action(async (name: string, options: ServiceOptions) => {
      const { testDestinationCommand } = await import("./service-actions.ts");
      finish(await testDestinationCommand({ name, ...options }, io));
    });
}

const ruleChanges: Readonly<Record<RuleChange, string>> = {
  resume: "have a suspended rule asked again",
  promote: "have a staged rule notify",
  stage: "have a rule match and count without notifying anybody",
};

/** Beside the commands that look at a state file, in the same group. */
function addRules(program: Command, { io, finish }: ProgramParts): void {
  const rules = program.commands.find((command) => command.name() === "rules") ?? program.command("rules");
  for (const [change, description] of Object.entries(ruleChanges)) {
    forService(rules.command(change))
      .description(`${description}, in the running service or in the state of a run`)
      .argument("<rule>", "id of the rule")
      .option("--state <file>", "state file of a run, instead of the service")
      .addHelpText(
        "after",
        examples(
          `stakeout rules ${change} AWS.CloudTrail.AccessDeniedBurst`,
          `stakeout rules ${change} AWS.CloudTrail.AccessDeniedBurst --state stakeout.db`,
        ),
      )
      .action(async (rule: string, options: Omit<RuleChangeOptions, "rule" | "change">, command: Command) => {
        const { changeRuleCommand } = await import("./rule-change.ts");
        // The default names a service that may not be meant at all.
        const isNamed = command.getOptionValueSource("config") !== "default";
        const { config, ...rest } = options;
        const named = isNamed && config !== undefined ? { config } : {};
        finish(await changeRuleCommand({ rule, change: change as RuleChange, ...rest, ...named }, io));
      });
  }
}
