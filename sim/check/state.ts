import { listAlerts, showAlert } from "../../src/alerts/list.ts";
import { listRuleErrors } from "../../src/alerts/rule-errors.ts";
import { listSuspensions } from "../../src/engine/suspensions.ts";
import type { Entry, StateStore } from "../../src/state/store.ts";
import type { Model, ModelOccurrence } from "../model/model.ts";
import { expectSame, Violation } from "./violation.ts";

const everything = 100_000;

/** What rules remember, open windows, alerts, rule errors and suspensions. */
export async function checkState(model: Model, store: StateStore): Promise<void> {
  await checkItems(model, store);
  await checkWindows(model, store);
  await checkAlerts(model, store);
  await checkErrors(model, store);
  const expected = [...model.suspendedAtMs]
    .map(([ruleId, sinceMs]) => ({ ruleId, since: new Date(sinceMs).toISOString() }))
    .sort(by("ruleId"));
  const suspensions = await listSuspensions(store);
  expectSame(
    "suspended rules",
    expected,
    suspensions.map(({ ruleId, since }) => ({ ruleId, since })),
  );
}

async function checkItems(model: Model, store: StateStore): Promise<void> {
  const items = await store.listItems({ limit: everything, nowMs: store.clockMs });
  const actual = Object.fromEntries(
    items.map(({ key, ...item }) => [key, { ...item, expiresAtMs: String(item.expiresAtMs) }]),
  );
  const expected = Object.fromEntries(
    [...model.state.items].map(([key, { count, strings, dictionary, endMs }]) => [
      key,
      { count, strings: strings && [...strings].sort(), dictionary, expiresAtMs: String(endMs) },
    ]),
  );
  expectSame("state", expected, actual);
}

async function checkWindows(model: Model, store: StateStore): Promise<void> {
  const entries = await entriesOf(store, "window");
  const actual = entries.map(({ value: { ruleId, dedup, startMs, endMs, matchCount, raised } }) => ({
    ruleId,
    dedup,
    startMs,
    endMs,
    matchCount,
    raised,
  }));
  const expected = model.windows.open.map(({ program, dedup, startMs, endMs, matches, raisedBy }) => ({
    ruleId: program.id,
    dedup,
    startMs,
    endMs,
    matchCount: matches.length,
    raised: raisedBy !== undefined,
  }));
  const inOrder = (windows: readonly unknown[]): string[] =>
    windows.map((window) => JSON.stringify(window)).sort();
  expectSame("open windows", inOrder(expected), inOrder(actual));
  await checkLeftovers(model, store);
}

/** Nothing is kept for windows that have gone without an alert. */
async function checkLeftovers(model: Model, store: StateStore): Promise<void> {
  const known = new Set(model.windows.windows.map(({ id }) => id));
  for (const kind of ["alert-event", "window-unique"]) {
    for (const { key } of await entriesOf(store, kind)) {
      const id = key.slice(17, 49);
      if (!known.has(id))
        throw new Violation(`an entry of kind ${kind} is left of the window ${id}, which has gone`);
    }
  }
}

async function checkAlerts(model: Model, store: StateStore): Promise<void> {
  const { alerts } = await listAlerts(store, { limit: everything });
  const actual: Record<string, unknown> = {};
  for (const { id } of alerts) actual[id] = await showAlert(store, id);
  const raised = model.windows.windows.filter(({ raisedBy }) => raisedBy !== undefined);
  const expected = Object.fromEntries(raised.map((window) => [window.id, model.windows.alertOf(window)]));
  expectSame("alerts", expected, actual);
}

async function checkErrors(model: Model, store: StateStore): Promise<void> {
  const groups = await listRuleErrors(store);
  const actual = groups.map(({ ruleId, function: name, type, count, first, last }) => ({
    group: `${ruleId} ${name} ${type}`,
    count,
    first: { time: first.time, position: first.position },
    last: {
      time: last.time,
      position: last.position,
      message: type === "RangeError" ? last.message : undefined,
    },
  }));
  const expected = [...model.errors.values()].map(({ ruleId, function: name, type, count, first, last }) => ({
    group: `${ruleId} ${name} ${type}`,
    count,
    first: occurrenceOf(first),
    last: { ...occurrenceOf(last), message: last.message },
  }));
  expectSame("rule errors", expected.sort(by("group")), actual.sort(by("group")));
}

function occurrenceOf({ timeMs, position }: ModelOccurrence): {
  readonly time: string;
  readonly position: unknown;
} {
  return { time: new Date(timeMs).toISOString(), position };
}

/** Committed entries of a kind. */
export async function entriesOf(store: StateStore, kind: string): Promise<readonly Entry[]> {
  return await store.listEntries({ kind, limit: everything });
}

function by<Name extends string>(
  name: Name,
): (left: Readonly<Record<Name, string>>, right: Readonly<Record<Name, string>>) => number {
  return (left, right) => (left[name] < right[name] ? -1 : 1);
}
