import { z } from "zod";

import { severities } from "../../core/severity.ts";

/*
 * The form of rule tests, for checking them and for the JSON Schema that editors use. It checks and never converts: what
 * was checked is used as it was written.
 */

const timeForm = "It is ISO 8601 text or seconds since 1970";
const time = z.union([z.string(), z.number()], timeForm).describe(`${timeForm}.`);
const durationForm = "It is text such as 90s, 5m, 1h30m, 7d, or a number of seconds";
const duration = z.union([z.string(), z.number()], durationForm).describe(`${durationForm}.`);
const object = z.looseObject({});
const json = z.unknown();

const eventShape = {
  fields: object.optional().describe("The event's fields, where they are not given beside the other keys."),
  file: z.string().min(1).optional().describe("A JSON file with one event, relative to this file."),
  base: z.string().optional().describe("Name of one of the events at the top of this file."),
  patch: object
    .optional()
    .describe("Changes to the fields: objects merge, null removes a field, all else replaces (RFC 7396)."),
  at: time.optional().describe(`The event's time. ${timeForm}.`),
  after: duration.optional().describe("Time after the event before it; for the first event after `now`."),
  repeat: z.int().min(1).max(10_000).optional().describe("How many times the event comes. Default 1."),
};

const event = z
  .looseObject(eventShape)
  .describe("An event: its fields, or `fields`, `file` or `base`, with a patch and a time where wanted.");

const item = z.strictObject({
  count: z.int().optional().describe("A counter."),
  strings: z.array(z.string()).optional().describe("A string set."),
  dictionary: object.optional().describe("A dictionary."),
  expires: duration
    .optional()
    .describe("When it ends, counted from the start of the test; 0 never. Default 90 days."),
});

const mockShape = {
  returns: json.optional().describe("The same answer to every call."),
  returnsEach: z.array(json).min(1).optional().describe("The answers to the first, second, … call."),
  throws: z.string().optional().describe("Every call fails with an error of this message."),
  cases: z
    .array(
      z.strictObject({
        arguments: z.array(json).describe("The first arguments of the call."),
        returns: json.describe("The answer."),
      }),
    )
    .min(1)
    .optional()
    .describe("The first case whose arguments equal the first arguments of the call answers."),
  otherwise: json.optional().describe("The answer where no case fits."),
};

/** How a mock answers, where its definition is not the answer itself. */
export const mockAnswerSchema: z.ZodType = z.strictObject(mockShape);

const matches = z
  .union([z.boolean(), z.array(z.boolean()), z.array(z.int().min(1, "Events are counted from 1"))], {
    error: "It is true, false, a list of these, or a list of the numbers of events, counted from 1",
  })
  .describe("Which events match: true, false, one of these for each event, or their numbers counted from 1.");

const value = json.describe("A value, or { contains: … } or { matches: pattern } at any depth.");

const alert = z.strictObject({
  title: value.optional(),
  severity: z.enum(severities).optional().describe("How urgent it is."),
  dedup: value.optional().describe("The dedup key: a value, { contains: … } or { matches: pattern }."),
  context: value.optional().describe("The alert context: a value, { contains: … } or { matches: pattern }."),
  destinations: z.array(z.string()).optional().describe("Names of the destinations."),
});

const expectedItem = z.strictObject({
  count: z.int().optional().describe("The counter; 0 where nothing is counted."),
  strings: z.array(z.string()).optional().describe("All members of the string set, in any order."),
  dictionary: value.optional(),
  expires: duration
    .optional()
    .describe("What is left of its lifetime after the last event; 0 for no expiry."),
});

const outcome = z.strictObject({
  matches: matches.optional(),
  alerts: z
    .union([z.int().min(0), z.array(alert)])
    .optional()
    .describe("How many alerts are raised, or each of them in order."),
  state: z
    .record(z.string(), expectedItem.nullable())
    .optional()
    .describe("What is remembered after the last event, by key; null for a key that must be absent."),
  errors: z
    .array(z.string())
    .optional()
    .describe("A part of the message of each rule error in order. Default: none may occur."),
});

const test = z
  .strictObject({
    name: z.string().min(1, "It is empty").describe("Names the test among those of its rule."),
    event: event.optional().describe("The only event; give this or `events`."),
    events: z.array(event).min(1, "It is empty").optional().describe("The events in order."),
    now: time
      .optional()
      .describe("The engine clock before the first event. Default: the first event's time."),
    state: z
      .record(z.string(), item)
      .optional()
      .describe("What is remembered before the first event, by key."),
    mocks: z
      .record(z.string(), z.union([z.looseObject(mockShape), json]))
      .optional()
      .describe("Answers in place of what the rule's module imports, by name."),
    expect: z
      .union([matches, outcome], "It is true, false, a list, or an object")
      .describe("What must come of it: which events match, or an object that says more."),
  })
  .describe("One test of a rule: events in order, and what they must lead to.");

const file = z.strictObject({
  rule: z.string().optional().describe("Id of the rule. Default: the rule in the file of the same name."),
  events: z.record(z.string(), event).optional().describe("Base events by name, for `base`."),
  tests: z.array(test).describe("The tests; their names must differ."),
});

/** A test file with settings of its own. */
export const ruleTestFileSchema: z.ZodType = file;

/** What `NAME.test.yaml` holds: tests with settings around them, or a list of tests. */
export const ruleTestsSchema: z.ZodType = z.union([file, z.array(test)]).meta({
  title: "Tests of a Stakeout rule",
  description: "Tests of the rule in the file of the same name.",
});

/** The keys of an event that are no fields of it. */
export const eventKeys: ReadonlySet<string> = new Set(Object.keys(eventShape));

/** The keys that make a mock's definition a way to answer instead of the answer. */
export const mockKeys: ReadonlySet<string> = new Set(Object.keys(mockShape));

/** The known keys of the object that a path leads to, for suggestions. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  const names = path.filter((key) => typeof key === "string");
  if (names.length === 0) return Object.keys(file.shape);
  const [first, second, third, fourth] = names;
  if (first !== "tests") return [...eventKeys];
  if (second === undefined) return Object.keys(test.shape);
  if (second === "state") return Object.keys(item.shape);
  if (second === "mocks") return fourth === "cases" ? ["arguments", "returns"] : [...mockKeys];
  if (second !== "expect") return [...eventKeys];
  if (third === "alerts") return Object.keys(alert.shape);
  return Object.keys(third === "state" ? expectedItem.shape : outcome.shape);
}
