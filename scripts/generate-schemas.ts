/** Writes schemas/*.schema.json, which editors check YAML files with. Run `npm run format` after it. */
import { mkdirSync, writeFileSync } from "node:fs";

import { z } from "zod";

import { logTypeSchema } from "../src/parsers/log-type-schema.ts";
import { ruleTestsSchema } from "../src/testing/rule-tests/schema.ts";

/** The JSON Schema of each kind of YAML file that people write, by the file it is kept in. */
export function generateSchemas(): Readonly<Record<string, object>> {
  return {
    "schemas/log-type.schema.json": jsonSchema(logTypeSchema()),
    "schemas/rule-test.schema.json": { ...jsonSchema(ruleTestsSchema), examples: [exampleTests] },
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

// Draft 7 is what every editor's YAML support knows.
function jsonSchema(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { target: "draft-7", io: "input" });
}

if (import.meta.main) {
  mkdirSync("schemas", { recursive: true });
  for (const [file, schema] of Object.entries(generateSchemas())) {
    writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`);
  }
}
