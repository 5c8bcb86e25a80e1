import type { Match } from "../core/alert.ts";
import type { Event } from "../core/event.ts";
import { isThenable, type JsonObject, type MaybePromise } from "../core/json.ts";
import { Answers, type AuxiliaryFailure } from "./answers.ts";
import { auxiliaryFunctions, type LoadedRule } from "./runtime.ts";

export interface MatchRequest {
  /** The rule that answered true. */
  readonly rule: LoadedRule;
  readonly event: Event;
  /** The engine clock of the evaluation. */
  readonly clockMs: number;
  /** Makes the event as alerts keep it, with its standard fields. Called at most when the match keeps the event. */
  readonly toAlertEvent: () => JsonObject;
  /** Called with each promise that a function answers, before it is awaited; answers the same promise. */
  readonly waitFor: (answer: PromiseLike<unknown>) => PromiseLike<unknown>;
  /** Called after each function, promises awaited: the error of a state operation that it did not wait for, or `undefined`. */
  readonly settle: () => Error | undefined;
}

export interface DescribedMatch {
  readonly match: Match;
  /** What went wrong in auxiliary functions, in the order of their calls. Each left its fallback in the match. */
  readonly failures: readonly AuxiliaryFailure[];
}

/**
 * Calls the auxiliary functions of a rule that matched, one after another in Panther's order, and makes the match. Never
 * throws or rejects: a function that fails leaves its fallback and a failure. A promise only when a function answers one.
 */
export function describeMatch(request: MatchRequest): MaybePromise<DescribedMatch> {
  const answers = new Answers(request.rule);
  const asking = ask(request, answers, 0);
  if (asking === undefined) return describe(request, answers);
  return asking.then(() => describe(request, answers));
}

/** Asks the functions from number `from` on; goes on after a promise only where there is one. */
function ask(request: MatchRequest, answers: Answers, from: number): Promise<void> | undefined {
  const { rule, event, settle } = request;
  for (let index = from; index < auxiliaryFunctions.length; index++) {
    const name = auxiliaryFunctions[index];
    if (name === undefined || !rule.functions.has(name)) continue;
    try {
      const answer = rule.call(name, event);
      if (isThenable(answer)) return askLater(request, answers, { index, answer });
      const unsettled = settle();
      if (unsettled === undefined) answers.take(name, answer);
      else answers.fail(name, unsettled);
    } catch (thrown) {
      settle();
      answers.fail(name, thrown);
    }
  }
  return undefined;
}

interface PendingAnswer {
  /** Number of the function that answered a promise. */
  readonly index: number;
  readonly answer: PromiseLike<unknown>;
}

async function askLater(request: MatchRequest, answers: Answers, pending: PendingAnswer): Promise<void> {
  const name = auxiliaryFunctions[pending.index];
  if (name === undefined) return;
  try {
    const answer = await request.waitFor(pending.answer);
    const unsettled = request.settle();
    if (unsettled === undefined) answers.take(name, answer);
    else answers.fail(name, unsettled);
  } catch (thrown) {
    request.settle();
    answers.fail(name, thrown);
  }
  await ask(request, answers, pending.index + 1);
}

function describe(request: MatchRequest, answers: Answers): DescribedMatch {
  const { rule, event, clockMs, toAlertEvent } = request;
  const match: Match = {
    rule: rule.manifest,
    logType: event.logType,
    title: answers.title,
    dedup: answers.dedup,
    severity: answers.severity,
    description: answers.description,
    reference: answers.reference,
    runbook: answers.runbook,
    destinations: answers.destinations,
    get context() {
      return answers.context;
    },
    distinct: rule.functions.has("unique"),
    unique: answers.unique,
    eventTimeMs: event.timeMs ?? clockMs,
    clockMs,
    position: event.position,
    event: toAlertEvent,
  };
  return { match, failures: answers.failures };
}
