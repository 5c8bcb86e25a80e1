import { messageOf } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { Alert } from "../../core/alert.ts";
import { NEVER, type Item } from "../../state/store.ts";
import { isExpected } from "./expected-value.ts";
import type { ExpectedAlert, ExpectedItem, RuleTest, TestFailure } from "./model.ts";
import type { Played } from "./play.ts";

/** Everything that is not as the test expects it; nothing for a test that passes. */
export function compare({ expect, decides }: RuleTest, played: Played): readonly TestFailure[] {
  const matches = decides === "policy" ? complianceFailures : matchFailures;
  return [
    ...deadLetterFailures(played),
    ...matches(expect.matches, played),
    ...errorFailures(expect.errors ?? [], played),
    ...alertFailures(expect.alerts, played.alerts),
    ...(expect.state ?? []).flatMap((expected) => itemFailures(expected, played)),
    ...played.mockFailures,
  ];
}

function deadLetterFailures({ deadLetters }: Played): readonly TestFailure[] {
  return deadLetters.map(({ eventIndex, message }) => ({
    what: "events",
    message: `event ${eventIndex + 1} cannot become an event: ${message}`,
    expected: null,
    actual: message,
  }));
}

function matchFailures(expected: readonly boolean[] | undefined, played: Played): readonly TestFailure[] {
  const { matches } = played;
  if (expected === undefined || expected.every((match, index) => match === matches[index])) return [];
  if (expected.length === 1) {
    const [wanted = false, came = false] = [expected[0], matches[0]];
    const message = wanted ? "the event should match and does not" : "the event matches and should not";
    return [{ what: "matches", message, expected: wanted, actual: came }];
  }
  const missing = numbersWhere(expected, (match, index) => match && matches[index] !== true);
  const surplus = numbersWhere(matches, (match, index) => match && expected[index] !== true);
  const parts = [
    ...(missing.length === 0
      ? []
      : [`${eventsText(missing)} should match and ${isOne(missing) ? "does" : "do"} not`]),
    ...(surplus.length === 0
      ? []
      : [`${eventsText(surplus)} ${isOne(surplus) ? "matches" : "match"} and should not`]),
  ];
  return [
    {
      what: "matches",
      message: parts.join("; "),
      expected: numbersWhere(expected, (match) => match),
      actual: numbersWhere(matches, (match) => match),
    },
  ];
}

/** Of a policy what is wrong with its answer, which is the opposite of a match. */
function complianceFailures(
  expected: readonly boolean[] | undefined,
  played: Played,
): readonly TestFailure[] {
  const failures = matchFailures(expected, played);
  const [match] = expected ?? [];
  if (match === undefined || expected?.length !== 1 || failures.length === 0) return failures;
  const message = match ? "the resource complies and should not" : "the resource should comply and does not";
  return [{ what: "matches", message, expected: !match, actual: match }];
}

/** Numbers of events, counted from 1. */
function numbersWhere(
  matches: readonly boolean[],
  test: (match: boolean, index: number) => boolean,
): readonly number[] {
  return matches.flatMap((match, index) => (test(match, index) ? [index + 1] : []));
}

function eventsText(numbers: readonly number[]): string {
  const shown = numbers.slice(0, 10).join(", ");
  const rest = numbers.length > 10 ? ` and ${numbers.length - 10} more` : "";
  return `${isOne(numbers) ? "event" : "events"} ${shown}${rest}`;
}

function isOne(numbers: readonly number[]): boolean {
  return numbers.length === 1;
}

function errorFailures(expected: readonly string[], { errors }: Played): readonly TestFailure[] {
  const asExpected =
    expected.length === errors.length &&
    errors.every(({ message }, index) => message.includes(expected[index] ?? ""));
  if (asExpected) return [];
  const actual = errors.map(
    ({ eventIndex, function: name, message }) => `event ${eventIndex + 1}, ${name}: ${message}`,
  );
  const [first] = actual;
  const message =
    expected.length === 0
      ? `the rule failed: ${first}${actual.length > 1 ? ` (and ${actual.length - 1} more)` : ""}`
      : `${countText(expected.length, "rule error")} expected, ${actual.length} occurred${first === undefined ? "" : `: ${first}`}`;
  return [{ what: "errors", message, expected, actual }];
}

function alertFailures(
  expected: number | readonly ExpectedAlert[] | undefined,
  alerts: readonly Alert[],
): readonly TestFailure[] {
  if (expected === undefined) return [];
  const count = typeof expected === "number" ? expected : expected.length;
  if (count !== alerts.length) {
    const message = `${countText(count, "alert")} expected, ${alerts.length} raised`;
    return [
      { what: "alerts", message, expected: shownAlerts(expected), actual: alerts.map(({ title }) => title) },
    ];
  }
  if (typeof expected === "number") return [];
  return expected.flatMap((wanted, index) => {
    const alert = alerts[index];
    return alert === undefined ? [] : oneAlertFailure(wanted, alert, index + 1);
  });
}

function shownAlerts(expected: number | readonly ExpectedAlert[]): JsonValue {
  return typeof expected === "number"
    ? expected
    : expected.map((alert) => alert.title ?? (alert as JsonObject));
}

function oneAlertFailure(expected: ExpectedAlert, alert: Alert, number: number): readonly TestFailure[] {
  const fields = Object.keys(expected) as (keyof ExpectedAlert)[];
  const { wrong, problem } = wrongFields(expected as Fields, alert as unknown as Fields, fields);
  if (wrong.length === 0) return [];
  return [
    {
      what: "alerts",
      message: `alert ${number}: ${problem ?? `${wrong.join(", ")} differ${wrong.length === 1 ? "s" : ""}`}`,
      expected: expected as JsonObject,
      actual: Object.fromEntries(fields.map((field) => [field, alert[field] as JsonValue])),
    },
  ];
}

type Fields = Readonly<Record<string, unknown>>;

/** The fields that are not as expected, and a sentence where one could not be compared. */
function wrongFields(
  expected: Fields,
  actual: Fields,
  fields: readonly string[],
): { readonly wrong: readonly string[]; readonly problem: string | undefined } {
  const wrong: string[] = [];
  let problem: string | undefined;
  for (const field of fields) {
    try {
      if (!isExpected(expected[field], actual[field])) wrong.push(field);
    } catch (error) {
      wrong.push(field);
      problem = messageOf(error);
    }
  }
  return { wrong, problem };
}

/** What an item must hold, and what it holds, in the same form. */
function itemFailures(expected: ExpectedItem, { items, clockMs }: Played): readonly TestFailure[] {
  const { key, absent = false, expiresInMs, strings, ...columns } = expected;
  const item = items.find((candidate) => candidate.key === key);
  const failure = (message: string, wanted: JsonValue, came: JsonValue): readonly TestFailure[] => [
    {
      what: "state",
      message: `state key ${JSON.stringify(key)}: ${message}`,
      expected: wanted,
      actual: came,
    },
  ];
  if (absent) return item === undefined ? [] : failure("it should be absent", null, shownItem(item, clockMs));
  const wanted = {
    ...columns,
    ...(strings === undefined ? {} : { strings: [...new Set(strings)].sort() }),
    ...(expiresInMs === undefined ? {} : { expires: lifetimeText(expiresInMs) }),
  };
  if (item === undefined && (expiresInMs !== undefined || Object.keys(wanted).length === 0)) {
    return failure("it is absent", wanted, null);
  }
  const held = {
    count: item?.count ?? 0,
    strings: item?.strings ?? [],
    dictionary: item?.dictionary ?? {},
    expires: item === undefined ? null : lifetimeText(item.expiresAtMs - clockMs),
  };
  const fields = Object.keys(wanted) as (keyof typeof held)[];
  const { wrong, problem } = wrongFields(wanted, held, fields);
  if (wrong.length === 0) return [];
  const shown = Object.fromEntries(fields.map((field) => [field, held[field]])) as JsonObject;
  return failure(problem ?? `${wrong.join(", ")} differ${wrong.length === 1 ? "s" : ""}`, wanted, shown);
}

function shownItem({ count, strings, dictionary, expiresAtMs }: Item, clockMs: number): JsonObject {
  return {
    ...(count === undefined ? {} : { count }),
    ...(strings === undefined ? {} : { strings }),
    ...(dictionary === undefined ? {} : { dictionary }),
    expires: lifetimeText(expiresAtMs - clockMs),
  };
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;

/** Exact to the millisecond, as durations are written: two lifetimes have the same text only when they are equal. */
function lifetimeText(lifetimeMs: number): string {
  if (lifetimeMs === NEVER) return "never";
  let restMs = lifetimeMs;
  let text = "";
  for (const [unit, sizeMs] of units) {
    const amount = Math.floor(restMs / sizeMs);
    restMs -= amount * sizeMs;
    if (amount > 0) text += `${amount}${unit}`;
  }
  return text;
}

function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
