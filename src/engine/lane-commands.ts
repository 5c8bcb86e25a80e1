import type { RemoteOutbox } from "../alerts/remote-outbox.ts";
import type { Clock } from "../core/clock.ts";
import type { LoadedRule } from "../rules/runtime.ts";
import type { CommandAnswer, LaneCommand } from "./lane-messages.ts";
import type { Staging } from "./staging.ts";
import type { SuspensionBook } from "./suspensions.ts";

export interface CommandedParts {
  readonly rules: readonly LoadedRule[];
  readonly staging: Staging;
  readonly suspensions: SuspensionBook;
  readonly outbox: RemoteOutbox;
  readonly clock: Clock;
}

/** Does what a person asked for; the commit that follows takes it down. */
export async function runCommand(command: LaneCommand, parts: CommandedParts): Promise<CommandAnswer> {
  const problems = "keys" in command ? await changeDeliveries(command, parts) : [changeRule(command, parts)];
  const found = problems.filter((problem) => problem !== undefined);
  return { done: problems.length - found.length, problems: found };
}

async function changeDeliveries(
  { type, keys }: Extract<LaneCommand, { keys: unknown }>,
  { outbox, clock }: CommandedParts,
): Promise<(string | undefined)[]> {
  const problems: (string | undefined)[] = [];
  for (const key of new Set(keys)) {
    problems.push(type === "retry" ? await outbox.retry(key, clock.nowMs()) : await outbox.drop(key));
  }
  return problems;
}

function changeRule(
  command: Extract<LaneCommand, { ruleId: string }>,
  { rules, staging, suspensions }: CommandedParts,
): string | undefined {
  const { ruleId } = command;
  if (!rules.some(({ manifest }) => manifest.id === ruleId)) return `There is no rule ${ruleId}.`;
  if (command.type === "stage") {
    staging.decide(ruleId, command.staged);
    return undefined;
  }
  return suspensions.resume(ruleId) ? undefined : `The rule ${ruleId} is not suspended.`;
}
