import { describe, expect, test } from "vitest";
import { ruleText, withRules } from "../fixtures.ts";

/** Of a rule with these fields, which imports the first of the files as `helper`. */
async function usesStandardFields(
  fields: string,
  files: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  const [helper] = Object.keys(files);
  const imported = helper === undefined ? "" : `import * as helper from "../${helper}";\n`;
  using folder = withRules({ "rules/a.ts": imported + ruleText("A", fields), ...files });
  const { rules, problems } = await folder.load("rules");
  expect(problems).toEqual([]);
  expect(rules).toHaveLength(1);
  return rules[0]?.usesStandardFields ?? false;
}

describe("standard fields are not needed by a rule that", () => {
  test.each([
    ["asks for other fields", "title: (event) => `${event.user?.name} ${event.tags[0]} ${event['a b']}`,"],
    ["takes fields apart by name", "title: (event) => { const { user, ...rest } = event; return user; },"],
    ["has p_ only inside a word", "title: (event) => `${event.ip_address} ${event.http_host} help_`,"],
    ["mentions p_ in a comment", "// p_any_ip_addresses\n title: (event) => event.user,"],
    ["copies the event, which leaves them out", "alertContext: (event) => ({ ...event }),"],
  ])("%s", async (_, fields) => {
    expect(await usesStandardFields(fields)).toBe(false);
  });

  test("imports a helper that needs none", async () => {
    const files = { "helper.ts": "export const name = (event: any) => event.user;" };
    expect(await usesStandardFields("title: helper.name,", files)).toBe(false);
  });

  test("imports Node's own modules", async () => {
    using folder = withRules({
      "a.ts": `import { createHash } from "node:crypto";\n${ruleText("A", "tests: createHash,")}`,
    });
    expect((await folder.load()).rules[0]?.usesStandardFields).toBe(false);
  });

  test("stands beside one that needs them", async () => {
    using folder = withRules({
      "a.ts": ruleText("A", "title: (event) => event.user,"),
      "b.ts": ruleText("B", "title: (event) => event.p_row_id,"),
    });
    const { rules } = await folder.load();
    expect(rules.map((rule) => rule.usesStandardFields)).toEqual([false, true]);
  });
});

describe("standard fields may be needed by a rule that", () => {
  test.each([
    ["names one", "title: (event) => event.p_row_id,"],
    ["names one in text", "title: (event) => event['p_row_id'],"],
    ["names one in a template", "title: (event) => event[`p_row_id`],"],
    ["names one with an escape", "title: (event) => event.\\u0070_row_id,"],
    ["takes one apart", "title: ({ p_row_id: id }) => id,"],
    ["summarises one", 'summaryAttributes: ["p_any_ip_addresses"],'],
    ["puts a name together", "title: (event) => event['p' + '_row_id'],"],
    ["takes a computed field apart", "title: (event) => { const { [event.name]: it } = event; return it; },"],
    ["asks whether a computed name is there", "title: (event) => String(event.name in event),"],
    ["reads by reflection", "title: (event) => Reflect.get(event, event.name),"],
    ["looks at what the event inherits from", "title: (event) => String(Object.getPrototypeOf(event)),"],
    ["makes code from text", "title: (event) => Function('e', 'return e')(event),"],
    ["loads code later", "async title(event) { const x = await import(event.file); return x.y; },"],
  ])("%s", async (_, fields) => {
    expect(await usesStandardFields(fields)).toBe(true);
  });

  test.each([
    ["names one", "export const id = (event: any) => event.p_row_id;"],
    ["reads what it is told to", "export const get = (object: any, name: string) => object[name];"],
  ])("imports a helper that %s", async (_, helper) => {
    expect(await usesStandardFields("", { "helper.ts": helper })).toBe(true);
  });

  test("imports a helper through another", async () => {
    const two = "export const id = (event: any) => event.p_row_id;";
    expect(await usesStandardFields("", { "one.ts": 'export * from "./two.ts";', "two.ts": two })).toBe(true);
  });

  test("imports a package", async () => {
    using folder = withRules({
      "node_modules/dependency/package.json": '{ "name": "dependency", "exports": "./index.mjs" }',
      "node_modules/dependency/index.mjs": "export const get = () => 1;",
      "a.ts": `import { get } from "dependency";\n${ruleText("A", "tests: get,")}`,
    });
    const { rules, problems } = await folder.load();
    expect(problems).toEqual([]);
    expect(rules[0]?.usesStandardFields).toBe(true);
  });
});
