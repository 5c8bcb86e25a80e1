import { createRequire } from "node:module";

import type * as Zod from "zod";

import { indicatorFields, type IndicatorField } from "../core/event.ts";
import { conditionTypes } from "./conditions.ts";
import type { LogTypeDefinition } from "./log-type.ts";

// Loading zod takes longer than all the built-in log types together, so only a run with files to check does it.
const require = createRequire(import.meta.url);

/** The form of each indicator, for editors. */
const indicatorForms: Readonly<Record<IndicatorField, string>> = {
  p_any_ip_addresses: "IPv4 and IPv6 addresses.",
  p_any_domain_names: "Names with at least one dot that are no addresses.",
  p_any_usernames: "Any text that is not empty.",
  p_any_emails: "Texts with an @ and no blanks.",
  p_any_aws_account_ids: "Twelve digits.",
  p_any_aws_arns: "Texts that start with arn: and have six parts.",
  p_any_aws_instance_ids: "i- and 8 to 17 hexadecimal digits.",
  p_any_md5_hashes: "32 hexadecimal digits.",
  p_any_sha1_hashes: "40 hexadecimal digits.",
  p_any_sha256_hashes: "64 hexadecimal digits.",
  p_any_trace_ids: "Any text that is not empty: ids of requests, sessions, access keys.",
};

const example: LogTypeDefinition = {
  name: "Acme.Gateway",
  recognise: [{ field: "service", equals: "gateway" }],
  time: [{ field: "timestamp" }],
  indicators: { p_any_ip_addresses: ["client.address"] },
};

/**
 * What a log type file may hold. The JSON Schema that editors check such files with is made of it, descriptions included.
 */
export function logTypeSchema(): Zod.ZodType<LogTypeDefinition> {
  const { z } = require("zod") as typeof Zod;
  const path = fieldPath(z);
  const settings = {
    name: z
      .string()
      .regex(/^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/, "A name is words joined by dots, such as Acme.Gateway.")
      .meta({
        description: "What rules and --log-type call it: words joined by dots.",
        examples: ["Acme.Gateway"],
      }),
    description: z.string().optional().describe("What its records are, for people."),
    recognise: z
      .array(conditionSchema(z))
      .min(1)
      .optional()
      .describe("When a JSON record is of this log type: all conditions must hold."),
    text: textSchema(z).optional().describe("How a record that is not JSON becomes fields."),
    time: z
      .array(timeSchema(z))
      .optional()
      .describe("Fields where the event's time may stand; the first that can be read counts."),
    indicators: indicatorsSchema(z)
      .optional()
      .describe("Fields that can hold an indicator; a path goes through all members of lists on its way."),
    scan: z
      .array(path)
      .optional()
      .meta({
        description:
          "Fields to search for indicators at any depth, whatever the fields below them are called.",
        examples: [["request.headers"]],
      }),
  };
  return z
    .strictObject(settings, {
      error: (issue) => (issue.code === "invalid_type" ? notSettings : undefined),
    })
    .meta({
      title: "Stakeout log type",
      description:
        "How records of one kind are recognised, where their time stands and which indicators they have.",
      examples: [example],
    });
}

const notSettings = "A log type file is a map of settings, such as `name: Acme.Gateway`.";

function fieldPath(z: typeof Zod.z): Zod.ZodString {
  return z
    .string()
    .regex(/^[^.]+(?:\.[^.]+)*$/, "A field is a name or names joined by dots.")
    .meta({ description: "A field: a name, or names joined by dots.", examples: ["client.address"] });
}

function conditionSchema(z: typeof Zod.z): Zod.ZodType<NonNullable<LogTypeDefinition["recognise"]>[number]> {
  const scalar = z.union([z.string(), z.number(), z.boolean()]);
  return z.strictObject({
    field: fieldPath(z),
    exists: z
      .boolean()
      .optional()
      .describe("True: the field is there and not null. False: it is not there or null."),
    equals: z
      .union([scalar, z.array(scalar).min(1)], "It is text, a number, a boolean, or a list of these.")
      .optional()
      .describe("The field is exactly this text, number or boolean, or one of a list of them."),
    "starts-with": z.string().optional().describe("The field is a text that starts with this."),
    "ends-with": z.string().optional().describe("The field is a text that ends with this."),
    type: z.enum(conditionTypes).optional().describe("The field is of this type."),
  });
}

function textSchema(z: typeof Zod.z): Zod.ZodType<NonNullable<LogTypeDefinition["text"]>> {
  return z.strictObject({
    pattern: z.union([z.string(), z.array(z.string()).min(1)], "It is text or a list of texts.").meta({
      description:
        "A regular expression that fits the whole record, in one text or in pieces that are put together. Each named group becomes a field.",
      examples: [String.raw`(?<client>\S+) "(?<request>[^"]*)" (?<status>\d{3})`],
    }),
    header: z
      .string()
      .optional()
      .describe("A regular expression for lines that head the columns and are no records."),
    absent: z
      .array(z.string())
      .optional()
      .meta({ description: "Texts that stand for a field that is not there.", default: ["-"] }),
    types: z
      .record(z.string(), z.string())
      .optional()
      .meta({
        description:
          "What the text of a named group becomes: int, float, list (of words), or a time format. Text unless given.",
        examples: [{ status: "int", at: "%d/%b/%Y:%H:%M:%S %z" }],
      }),
  });
}

function timeSchema(z: typeof Zod.z): Zod.ZodType<NonNullable<LogTypeDefinition["time"]>[number]> {
  return z.strictObject({
    field: fieldPath(z),
    format: z
      .string()
      .optional()
      .meta({
        description:
          "iso8601, epoch-seconds, epoch-milliseconds, epoch-nanoseconds, or a pattern of %Y %m %b %d %e %H %M %S %f %z.",
        default: "iso8601",
        examples: ["epoch-milliseconds", "%d/%b/%Y:%H:%M:%S %z"],
      }),
  });
}

function indicatorsSchema(z: typeof Zod.z): Zod.ZodType<NonNullable<LogTypeDefinition["indicators"]>> {
  const paths = (field: IndicatorField): [IndicatorField, Zod.ZodType<readonly string[] | undefined>] => [
    field,
    z.array(fieldPath(z)).optional().describe(indicatorForms[field]),
  ];
  return z.strictObject(Object.fromEntries(indicatorFields.map(paths)));
}
