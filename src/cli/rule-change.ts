import { existsSync } from "node:fs";

import { StakeoutError } from "../core/errors.ts";
import { printable } from "../core/text.ts";
import type { CommandAnswer } from "../engine/lane-messages.ts";
import { decideStaging } from "../engine/staging.ts";
import { resumeRule } from "../engine/suspensions.ts";
import type { StateStore } from "../state/store.ts";
import type { CommandIo } from "./io.ts";
import { tellProblems } from "./service-actions.ts";
import { type ServiceOptions, withService } from "./service-client.ts";
import { withState } from "./with-state.ts";

/** What a person can decide about a rule. */
export type RuleChange = "resume" | "promote" | "stage";

export interface RuleChangeOptions extends Partial<ServiceOptions> {
  /** Id of the rule. */
  readonly rule: string;
  readonly change: RuleChange;
  /** State file of a `run` that is not going on. */
  readonly state?: string;
}

const defaultConfig = "./stakeout.yaml";
const defaultState = "./stakeout.db";

interface Wording {
  readonly done: string;
  /** Where nothing had to be done. */
  readonly before: string;
}

const wordings: Readonly<Record<RuleChange, Wording>> = {
  resume: { done: "is asked again", before: "is not suspended" },
  promote: { done: "notifies", before: "is not staged" },
  stage: { done: "notifies nobody", before: "is staged already" },
};

/**
 * Changes what is done with a rule: in the running service, or in a state file where one is named or there is no configuration of a
 * service here. Answers 0; throws `NOT_FOUND` where there is nothing to change.
 */
export async function changeRuleCommand(options: RuleChangeOptions, io: CommandIo): Promise<number> {
  const { config, url, state } = options;
  const service = state === undefined && (config ?? url ?? existsSync(defaultConfig)) !== false;
  return service ? await changeInService(options, io) : await changeInState(options, io);
}

async function changeInService(options: RuleChangeOptions, io: CommandIo): Promise<number> {
  const { rule, change, config = defaultConfig, ...address } = options;
  const path = `/v1/rules/${encodeURIComponent(rule)}/${change}`;
  const answer = await withService({ config, ...address }, (client) =>
    client.ask<CommandAnswer>({ method: "POST", path }),
  );
  if (answer.problems.length > 0) return tellProblems(answer, io);
  const { done, before } = wordings[change];
  io.stderr.write(`Rule ${printable(rule)} ${answer.done > 0 ? `${done} from now on` : before}.\n`);
  return 0;
}

async function changeInState(options: RuleChangeOptions, io: CommandIo): Promise<number> {
  const { rule, change, state = defaultState } = options;
  await withState(state, { readOnly: false }, (store) => changeIn(store, rule, change));
  io.stderr.write(`Rule ${printable(rule)} ${wordings[change].done} from the next run on.\n`);
  return 0;
}

async function changeIn(store: StateStore, rule: string, change: RuleChange): Promise<void> {
  if (change !== "resume") return await decideStaging(store, rule, change === "stage");
  if (await resumeRule(store, rule)) return;
  throw new StakeoutError(
    "NOT_FOUND",
    `There is no suspended rule ${printable(rule)}. "stakeout rules suspended" shows all.`,
  );
}
