/** Writes schemas/*.schema.json, which editors check YAML files with. Run `npm run format` after it. */
import { mkdirSync, writeFileSync } from "node:fs";

import { z } from "zod";

import { serviceSchema } from "../src/config/service-file/service-settings.ts";
import { logTypeSchema } from "../src/parsers/log-type-schema.ts";
import { ruleTestsSchema } from "../src/testing/rule-tests/schema.ts";

/** The JSON Schema of each kind of YAML file that people write, by the file it is kept in. */
export function generateSchemas(): Readonly<Record<string, object>> {
  return {
    "schemas/log-type.schema.json": jsonSchema(logTypeSchema()),
    "schemas/rule-test.schema.json": { ...jsonSchema(ruleTestsSchema), examples: [exampleTests] },
    "schemas/stakeout.schema.json": {
      ...jsonSchema(serviceSchema(), allowSubstitution),
      examples: [exampleService],
      patternProperties: { "^x-": { description: "Not looked at: a place for YAML anchors." } },
    },
  };
}

const exampleTests = {
  tests: [
    {
      name: "the third denial within an hour",
      events: [
        { eventName: "ListBuckets", errorCode: "AccessDenied", at: "2026-03-02T08:00:00Z", repeat: 2 },
        { eventName: "GetObject", errorCode: "AccessDenied", after: "59m" },
      ],
      expect: { matches: [3], alerts: 1 },
    },
  ],
};

const exampleService = {
  rules: "rules",
  admin: { token: "${file:admin-token}" },
  sources: { cloudtrail: { kind: "http", logType: "AWS.CloudTrail", token: "${CLOUDTRAIL_TOKEN}" } },
  destinations: {
    oncall: { kind: "pagerduty", routingKey: "${file:pagerduty-key}", severities: ["high", "critical"] },
  },
};

type JsonSchema = z.core.JSONSchema.BaseSchema;

// Draft 7 is what every editor's YAML support knows.
function jsonSchema(schema: z.ZodType, override: (part: JsonSchema) => void = () => undefined): object {
  return z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    override: ({ jsonSchema: part, path }) => {
      if (path.at(-1) !== "propertyNames") override(part);
    },
  });
}

/** Lets `${…}` stand wherever a value must have a form that it does not have. */
function allowSubstitution(part: JsonSchema): void {
  const { type, description, default: standard, ...rest } = part;
  const isNumber = type === "number" || type === "integer" || type === "boolean";
  const isText = type === "string" && (rest.enum !== undefined || !fits("${NAME}", rest.pattern));
  if (!isNumber && !isText) return;
  for (const key of Object.keys(part)) delete part[key];
  Object.assign(part, {
    ...(description === undefined ? {} : { description }),
    ...(standard === undefined ? {} : { default: standard }),
    anyOf: [
      { type, ...rest },
      { type: "string", pattern: String.raw`\$\{` },
    ],
  });
}

function fits(text: string, pattern = ""): boolean {
  return new RegExp(pattern).test(text);
}

if (import.meta.main) {
  mkdirSync("schemas", { recursive: true });
  for (const [file, schema] of Object.entries(generateSchemas())) {
    writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`);
  }
}
