import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";

import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

import type { JsonObject } from "../src/core/json.ts";
import { generateSchemas } from "../scripts/generate-schemas.ts";

const logType = "schemas/log-type.schema.json";
const ruleTest = "schemas/rule-test.schema.json";
const service = "schemas/stakeout.schema.json";

const committed = globSync("schemas/*").sort();

test("every schema is committed, and no other", () => {
  expect(committed).toEqual(Object.keys(generateSchemas()).sort());
});

test.each(committed)("%s is what scripts/generate-schemas.ts writes", (file) => {
  expect(readSchema(file)).toEqual(JSON.parse(JSON.stringify(generateSchemas()[file])));
});

test.each(committed)("%s says what it is for, with an example that it takes", (file) => {
  const schema = readSchema(file);
  expect(schema).toMatchObject({ title: expect.any(String), description: expect.any(String) });
  const examples = schema["examples"] as readonly unknown[];
  expect(examples).not.toEqual([]);
  for (const example of examples) expect(faultsOf(file, example)).toEqual([]);
});

test.each(committed)("%s describes every setting", (file) => {
  expect(settingsWithoutDescription(readSchema(file))).toEqual([]);
});

describe("YAML files of the product", () => {
  const logTypes = globSync(["src/parsers/log-types/*.yaml", "examples/log-types/*.yaml"]);
  const ruleTests = globSync("examples/**/*.test.yaml");

  test.each(logTypes)("%s is a log type by its schema", (file) => {
    expect(faultsOf(logType, parse(readFileSync(file, "utf8")))).toEqual([]);
  });

  test.each(ruleTests)("%s is a rule test by its schema", (file) => {
    expect(faultsOf(ruleTest, parse(readFileSync(file, "utf8")))).toEqual([]);
  });

  test.each(globSync("examples/**/stakeout*.yaml"))("%s is a service by its schema", (file) => {
    expect(faultsOf(service, parse(readFileSync(file, "utf8")))).toEqual([]);
  });

  const named = globSync("examples/**/{log-types/*,*.test,stakeout*}.yaml");

  test.each(named)("%s names its schema to editors", (file) => {
    const [line = ""] = readFileSync(file, "utf8").split("\n");
    expect(line).toBe(`# yaml-language-server: $schema=../../schemas/${basename(schemaOf(file))}`);
  });
});

test.each([
  ["no name", {}, ["name"]],
  ["a setting that there is not", { name: "A.B", pattern: "x" }, []],
  ["a name with blanks", { name: "A B" }, ["name"]],
  ["no condition", { name: "A.B", recognise: [] }, ["recognise"]],
  ["an unknown type", { name: "A.B", recognise: [{ field: "a", type: "list" }] }, ["recognise", 0, "type"]],
  ["an unknown indicator", { name: "A.B", indicators: { p_any_hosts: ["host"] } }, ["indicators"]],
  ["a path that ends in a dot", { name: "A.B", scan: ["a."] }, ["scan", 0]],
])("a log type with %s is refused", (_, content, path) => {
  expect(faultsOf(logType, content)).toContainEqual(path);
});

const passing = { name: "one", event: { eventName: "x" }, expect: true };

test.each([
  ["a list of tests", [passing], true],
  ["tests with base events", { events: { base: { a: 1 } }, tests: [passing] }, true],
  ["a test without a name", [{ event: {}, expect: true }], false],
  ["a test that expects nothing", [{ name: "one", event: {} }], false],
  ["a misspelt setting", [{ ...passing, mock: {} }], false],
  ["an alert of an unknown severity", [{ ...passing, expect: { alerts: [{ severity: "urgent" }] } }], false],
])("%s as rule tests", (_, content, accepted) => {
  expect(faultsOf(ruleTest, content).length === 0).toBe(accepted);
});

const source = { kind: "http", token: "${TOKEN}" };
const minimal = { admin: { token: "${TOKEN}" }, sources: { main: source } };

test.each([
  ["with what it needs", minimal, true],
  ["with anchors", { ...minimal, "x-common": { anything: 1 } }, true],
  ["with a substituted number", { ...minimal, http: { connectionsMax: "${CONNECTIONS}" } }, true],
  ["with a substituted level", { ...minimal, log: { level: "${LOG_LEVEL:-info}" } }, true],
  ["without sources", { admin: minimal.admin }, false],
  ["without an admin token", { sources: minimal.sources }, false],
  ["with a misspelt section", { ...minimal, source: {} }, false],
  ["with a misspelt setting of a source", { ...minimal, sources: { main: { ...source, tokn: "" } } }, false],
  ["with text for a number", { ...minimal, http: { connectionsMax: "many" } }, false],
  ["with a duration that is none", { ...minimal, drain: "soon" }, false],
])("a service %s", (_, content, accepted) => {
  expect(faultsOf(service, content).length === 0).toBe(accepted);
});

function schemaOf(file: string): string {
  if (basename(file).startsWith("stakeout")) return service;
  return file.endsWith(".test.yaml") ? ruleTest : logType;
}

function readSchema(file: string): JsonObject {
  return JSON.parse(readFileSync(file, "utf8")) as JsonObject;
}

/** The path of each fault that a schema, as it is committed, finds in a file's content. */
function faultsOf(file: string, content: unknown): readonly (readonly PropertyKey[])[] {
  const { error } = z.fromJSONSchema(readSchema(file)).safeParse(content);
  return error?.issues.map(({ path }) => path) ?? [];
}

function settingsWithoutDescription(schema: unknown, path = ""): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const missing: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (key === "examples" || key === "default") continue;
    if (key !== "properties") missing.push(...settingsWithoutDescription(value, `${path}/${key}`));
    else
      for (const [name, setting] of Object.entries(value as JsonObject)) {
        if (!Object.hasOwn(setting as JsonObject, "description")) missing.push(`${path}/${name}`);
        missing.push(...settingsWithoutDescription(setting, `${path}/${name}`));
      }
  }
  return missing;
}
