import { symlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { event, ruleText, shown, withRules } from "../fixtures.ts";

describe("loading", () => {
  test("finds the rules of a folder, sorted by id", async () => {
    using folder = withRules({
      "a.ts": ruleText("B"),
      "deep/er/b.mts": ruleText("A"),
      "c.js": ruleText("C"),
    });
    const { rules, problems, warnings } = await folder.load();
    expect(problems).toEqual([]);
    expect(warnings).toEqual([]);
    expect(rules.map(({ manifest }) => manifest.id)).toEqual(["A", "B", "C"]);
    expect(rules[0]?.manifest).toMatchObject({ file: `${folder.path}/deep/er/b.mts`, line: 2 });
  });

  test("skips tests, declarations, hidden files, node_modules and other kinds of file", async () => {
    const broken = "this is not a rule";
    using folder = withRules({
      "rule.ts": ruleText("A"),
      "rule.test.ts": broken,
      "types.d.ts": broken,
      ".hidden.ts": broken,
      ".git/a.ts": broken,
      "node_modules/a.ts": broken,
      "notes.md": broken,
      "a.py": broken,
    });
    const { rules, problems } = await folder.load();
    expect(problems).toEqual([]);
    expect(rules).toHaveLength(1);
  });

  test("follows links to files and folders, but not round in circles", async () => {
    using folder = withRules({
      "real/a.ts": ruleText("A"),
      "real/lib/b.ts": ruleText("B"),
      "rules/notes.md": "",
    });
    symlinkSync("../real/a.ts", `${folder.path}/rules/a.ts`);
    symlinkSync("../real/lib", `${folder.path}/rules/lib`);
    symlinkSync(".", `${folder.path}/real/lib/again`);
    const { rules, problems } = await folder.load("rules");
    expect(problems).toEqual([]);
    expect(rules.map(({ manifest }) => manifest.file)).toEqual(
      ["a.ts", "lib/b.ts"].map((name) => `${folder.path}/rules/${name}`),
    );
  });

  test("reports a link to nothing", async () => {
    using folder = withRules({ "a.ts": ruleText("A") });
    symlinkSync("nowhere", `${folder.path}/b.ts`);
    expect(shown((await folder.load()).problems, folder)).toEqual(["b.ts:0: no such file or folder"]);
  });

  test("manages names that look odd in a URL", async () => {
    const name = "odd (1) #x%20?y/a b.ts";
    using folder = withRules({ [name]: `${ruleText("A")}throw new Error("here");` });
    expect(shown((await folder.load()).problems, folder)).toEqual([
      `${name}:9: cannot be loaded: Error: here`,
    ]);
  });

  test("takes files and folders, each file once", async () => {
    using folder = withRules({ "a.ts": ruleText("A"), "deep/b.ts": ruleText("B") });
    const { rules, problems } = await folder.load("a.ts", "deep", "deep/b.ts", ".");
    expect(problems).toEqual([]);
    expect(rules).toHaveLength(2);
  });

  test("lets rules import each other and helper modules", async () => {
    using folder = withRules({
      "lib/helper.ts":
        "export type Text = string; export const title = (event: any): Text => `from ${event.user}`;",
      "a.ts": `import { title } from "./lib/helper.ts";\n${ruleText("A", "title,")}`,
    });
    const { rules, problems } = await folder.load();
    expect(problems).toEqual([]);
    expect(rules[0]?.call("title", event({ user: "eve" }))).toBe("from eve");
  });

  test("lets rules import helper modules from outside the folder", async () => {
    using folder = withRules({
      "lib/helper.ts": 'import { now } from "stakeout"; export const clock: unknown = now;',
      "rules/a.ts": `import { clock } from "../lib/helper.ts";\n${ruleText("A", "tests: clock,")}`,
    });
    expect((await folder.load("rules")).problems).toEqual([]);
  });

  test("lets a helper module make a rule that a file exports", async () => {
    using folder = withRules({
      "make.ts": `import { defineRule } from "stakeout";
export const make = (id: string) => defineRule({ id, logTypes: ["L"], severity: "low", rule: () => true });`,
      "a.ts": 'import { make } from "./make.ts";\n\nexport default make("A");',
    });
    const { rules, problems } = await folder.load();
    expect(problems).toEqual([]);
    expect(rules[0]?.manifest).toMatchObject({ id: "A", file: `${folder.path}/a.ts`, line: 3 });
  });

  test("runs no script that lies beside rules and cannot be one", async () => {
    using folder = withRules({
      "a.ts": ruleText("A"),
      "generate.ts": 'throw new Error("I was run");',
      "named.js": "const one = 1;\nexport { one as default };",
    });
    const { rules, problems } = await folder.load();
    expect(problems).toEqual([]);
    expect(rules.map(({ manifest }) => manifest.id)).toEqual(["A"]);
  });

  test("runs the files afresh every time", async () => {
    using folder = withRules({ "a.ts": ruleText("A"), "b.ts": 'export const name: string = "old";' });
    folder.write("a.ts", `import { name } from "./b.ts";\n${ruleText("A", "title: () => name,")}`);
    const before = await folder.load();
    folder.write("b.ts", 'export const name: string = "new";');
    const after = await folder.load();
    expect(before.rules[0]?.call("title", event())).toBe("old");
    expect(after.rules[0]?.call("title", event())).toBe("new");
  });

  test("warns of a folder without rules", async () => {
    using folder = withRules({ "notes.md": "nothing here" });
    const { problems, warnings } = await folder.load();
    expect(problems).toEqual([]);
    expect(warnings).toEqual([{ file: folder.path, line: 0, message: "no rule files in this folder" }]);
  });
});

describe("a loaded rule", () => {
  test("has the definition's functions, with their this", async () => {
    using folder = withRules({
      "a.ts": `import { defineRule, type RuleEvent } from "stakeout";
export default defineRule({
  id: "A", logTypes: ["L"], severity: () => "high",
  rule(event: RuleEvent) { return event.user === "eve" && this.id === "A"; },
  title(event) { return \`\${this.id}: \${event.user}\`; },
});`,
    });
    const { rules } = await folder.load();
    expect(rules[0]?.rule(event({ user: "eve" }))).toBe(true);
    expect(rules[0]?.rule(event({ user: "bob" }))).toBe(false);
    expect(rules[0]?.call("title", event({ user: "eve" }))).toBe("A: eve");
    expect(rules[0]?.functions).toEqual(new Set(["title", "severity"]));
  });

  test("lets what the rule throws through", async () => {
    using folder = withRules({ "a.ts": ruleText("A", "title() { throw new Error('boom'); },") });
    const { rules } = await folder.load();
    expect(() => rules[0]?.call("title", event())).toThrow("boom");
  });
});

describe("problems with files", () => {
  test("are all reported at once, with file and line", async () => {
    using folder = withRules({
      "1-syntax.ts": "const a = 1;\nconst b: = 2;\n",
      "2-enum.ts": "\n\nenum Kind { A }\n",
      "3-import.ts": `import { x } from "./nowhere.ts";\n${ruleText("A")}`,
      "4-package.ts": `\nimport { x } from "left-pad";\n${ruleText("B")}`,
      "5-throws.ts": "\n\n\nthrow new RangeError('at once');\nexport default 1;",
      "6-field.ts": ruleText("C", "treshold: 2,"),
      "7-declared-twice.js": "const a = 1;\n\nconst a = 2;",
    });
    const { rules, problems } = await folder.load();
    expect(rules).toEqual([]);
    expect(shown(problems, folder)).toEqual([
      expect.stringMatching(/^1-syntax\.ts:2: syntax error: Unexpected token/),
      expect.stringMatching(
        /^2-enum\.ts:3: syntax error: TypeScript enum is not supported.*plain JavaScript/,
      ),
      '3-import.ts:1: cannot import "./nowhere.ts": there is no file nowhere.ts',
      expect.stringMatching(/^4-package\.ts:2: cannot import "left-pad": no such package is installed/),
      "5-throws.ts:4: cannot be loaded: RangeError: at once",
      "6-field.ts:7: rule C: unknown field treshold; did you mean threshold?",
      "7-declared-twice.js:3: syntax error: Identifier 'a' has already been declared",
    ]);
  });

  test("name the place of an exception in a helper once, however many rules import it", async () => {
    using folder = withRules({
      "a.ts": `import "./helper.ts";\n${ruleText("A")}`,
      "b.ts": `import "./helper.ts";\n${ruleText("B")}`,
      "helper.ts": "const table: any = undefined;\nexport const row = table.rows;",
    });
    expect(shown((await folder.load()).problems, folder)).toEqual([
      "helper.ts:2: cannot be loaded: TypeError: Cannot read properties of undefined (reading 'rows')",
    ]);
  });

  test("do not repeat what is wrong with an imported file", async () => {
    using folder = withRules({
      "rules/a.ts": `import "../helper.ts";\n${ruleText("A")}`,
      "helper.ts": "let = 1;",
    });
    const problems = shown((await folder.load("rules")).problems, folder);
    expect(problems).toEqual([expect.stringMatching(/^helper\.ts:1: syntax error/)]);
  });

  test("name the line of an import that the other file does not export", async () => {
    using folder = withRules({
      "a.ts": `import {\n  nothing,\n} from "./helper.ts";\n${ruleText("A", "tests: nothing,")}`,
      "helper.ts": "export const something = 1;",
    });
    expect(shown((await folder.load()).problems, folder)).toEqual([
      expect.stringMatching(
        /^a\.ts:2: cannot be loaded: SyntaxError: .*does not provide an export named 'nothing'/,
      ),
    ]);
  });

  test("say what stakeout exports instead, and how to import a type", async () => {
    using folder = withRules({
      "a.ts": `import { defineRule, incrementCount,\n RuleEvent } from "stakeout";\nexport default defineRule(null as any);`,
    });
    const advice = "a type must be imported with import type, or as { type … }";
    expect(shown((await folder.load()).problems, folder)).toEqual([
      `a.ts:1: stakeout exports no incrementCount; did you mean incrementCounter?; ${advice}`,
      expect.stringMatching(/^a\.ts:2: stakeout exports no RuleEvent.*import type/),
    ]);
  });

  test("say how to write an import without an ending", async () => {
    using folder = withRules({
      "a.ts": `import "./helper";\nimport "./lib";\n${ruleText("A")}`,
      "helper.ts": "",
      "lib/x.ts": "",
    });
    expect(shown((await folder.load()).problems, folder)).toEqual([
      'a.ts:1: cannot import "./helper": write "./helper.ts", with the file\'s ending',
      'a.ts:2: cannot import "./lib": there is no file lib',
    ]);
  });

  test("include paths that are not there and files that cannot be rules", async () => {
    using folder = withRules({ "a.py": "", "helper.ts": "export const x = 1;" });
    expect(shown((await folder.load("nowhere", "a.py", "helper.ts")).problems, folder)).toEqual([
      "a.py:0: not a rule file: its name must end in .ts, .mts, .js or .mjs",
      "helper.ts:0: not a rule: it has no export default defineRule({ … })",
      "nowhere:0: no such file or folder",
    ]);
  });

  test.each([
    ["null", "null"],
    ["'text'", "text"],
    ["{ message: 1 }", "[object Object]"],
  ])("include a file that throws %s", async (thrown, message) => {
    using folder = withRules({ "a.ts": `throw ${thrown};\nexport default 1;` });
    expect(shown((await folder.load()).problems, folder)).toEqual([`a.ts:0: cannot be loaded: ${message}`]);
  });

  test("include bytes that are not text", async () => {
    using folder = withRules({ "a.ts": "\u0000\ufffd\u0001" });
    expect(shown((await folder.load()).problems, folder)).toEqual([
      expect.stringMatching(/^a\.ts:1: syntax error/),
    ]);
  });
});

describe("problems with exports", () => {
  test("include a rule that is not the default export", async () => {
    using folder = withRules({
      "a.ts": `import { defineRule } from "stakeout";\n\nexport const rule =\n  defineRule({ id: "A" } as any);\ndefineRule({} as any);`,
    });
    const advice = "is not the default export: write export default defineRule({ … }), one in each file";
    expect(shown((await folder.load()).problems, folder)).toEqual([
      `a.ts:4: rule A ${advice}`,
      `a.ts:5: rule without id ${advice}`,
    ]);
  });

  test("include a rule that was not made with defineRule", async () => {
    using folder = withRules({ "a.ts": "export default { id: 'A', rule: () => true };" });
    expect(shown((await folder.load()).problems, folder)).toEqual([
      "a.ts:0: its default export looks like a rule: write export default defineRule({ … })",
    ]);
  });

  test("include ids that two rules have, in both places", async () => {
    using folder = withRules({
      "a.ts": ruleText("Same"),
      "b.ts": `\n${ruleText("Same")}`,
      "c.ts": ruleText("Other"),
    });
    expect(shown((await folder.load()).problems, folder)).toEqual([
      "a.ts:3: rule Same: the same id is used in b.ts:4",
      "b.ts:4: rule Same: the same id is used in a.ts:3",
    ]);
  });

  test("include a rule that is exported by two files", async () => {
    using folder = withRules({ "a.ts": ruleText("A"), "b.ts": 'export { default } from "./a.ts";' });
    expect(shown((await folder.load()).problems, folder)).toEqual([
      "a.ts:3: rule A: the same id is used in b.ts:1",
      "b.ts:1: rule A: the same id is used in a.ts:3",
    ]);
  });

  test("include a definition that is not an object", async () => {
    using folder = withRules({
      "a.ts": 'import { defineRule } from "stakeout";\nexport default defineRule(undefined as any);',
    });
    const problems = shown((await folder.load()).problems, folder);
    expect(problems[0]).toBe("a.ts:2: rule without id: defineRule must be given an object, not undefined");
  });
});
