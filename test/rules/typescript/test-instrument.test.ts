import { describe, expect, test } from "vitest";
import { StakeoutError } from "../../../src/core/errors.ts";
import type { LoadedRule } from "../../../src/rules/runtime.ts";
import type { TestInstrument } from "../../../src/rules/test-instrument.ts";
import { loadForTesting } from "../../../src/rules/typescript/test-instrument.ts";
import { event, ruleText, shown, withRules } from "../fixtures.ts";

const ruleWithImports = `import { defineRule, getStringSet as known } from "stakeout";
import fs, { existsSync } from "node:fs";
import * as path from "node:path";
import { double, type Options } from "./helper.ts";
import type { Other } from "./helper.ts";
export default defineRule({ id: "A", logTypes: ["L"], severity: "low", rule: () => run() });
function run(): unknown { return RUN; }
`;

const helper = `import { existsSync } from "node:fs";
export interface Options {}
export interface Other {}
export const double = (x: number): number => x * 2;
export const there = (): boolean => existsSync("/no/such/file");
export let count = 0;
export function increment(): number { return (count += 1); }
`;

interface Loaded extends Disposable {
  readonly instrument: TestInstrument;
  readonly rule: LoadedRule;
  ask(): unknown;
}

/** A rule that imports all there is to import, and whose answer is `run`. */
async function load(run: string): Promise<Loaded> {
  const folder = withRules({ "a.ts": ruleWithImports.replace("RUN", () => run), "helper.ts": helper });
  const { rules, problems, instrument } = await loadForTesting([folder.path]);
  const [rule] = rules;
  if (rule === undefined) throw new Error(shown(problems, folder).join("\n"));
  return {
    instrument,
    rule,
    ask: () => rule.rule(event()),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

describe("mockable", () => {
  test("names what the rule's module imports, as it calls it", async () => {
    using loaded = await load("1");
    expect([...loaded.instrument.mockable("A")].sort()).toEqual([
      "double",
      "existsSync",
      "fs",
      "known",
      "path",
    ]);
  });

  test("is empty for a rule that there is none of", async () => {
    using loaded = await load("1");
    expect(loaded.instrument.mockable("B").size).toBe(0);
  });
});

describe("mock", () => {
  test.each([
    ["double", "double(2)", "mocked"],
    ["double", "[1].map(double)[0]", "mocked"],
    ["double", "({ double }).double(1)", "mocked"],
    ["double", "typeof double && double`x`", "mocked"],
    ["double", "(() => { const x = 1\ndouble(x)\nreturn double(x) })()", "mocked"],
    ["double", "((double) => double(2))((x) => x)", 2],
    ["double", "(() => { const { double } = { double: () => 3 }; return double(); })()", 3],
    ["double", "(() => { if (true) { var double = () => 4; } return double(); })()", 4],
    ["double", "(() => { try { throw 5; } catch (double) { return double; } })()", 5],
    ["double", "(() => { for (const double of [6]) return double; })()", 6],
    ["double", "(function double(x) { return x ? 7 : double(1); })(0)", 7],
    ["double", "({ double: 8 }).double", 8],
    ["known", "known('key')", "mocked"],
    ["existsSync", "existsSync('/')", "mocked"],
    ["fs", "fs('/')", "mocked"],
    ["path", "path()", "mocked"],
  ])("of %s makes %s answer %s", async (name, run, answer) => {
    using loaded = await load(run);
    loaded.instrument.mock("A", name, () => "mocked");
    expect(loaded.ask()).toBe(answer);
  });

  test("gets the arguments", async () => {
    using loaded = await load("double(1, 'two')");
    const calls: unknown[][] = [];
    loaded.instrument.mock("A", "double", (...args) => calls.push(args));
    loaded.ask();
    expect(calls).toEqual([[1, "two"]]);
  });

  test("leaves other modules alone", async () => {
    using folder = withRules({
      "a.ts": `import { existsSync } from "node:fs";\nimport { there } from "./helper.ts";
${ruleText("A").replace("() => true", "() => [existsSync('x'), there()]")}`,
      "b.ts": `import { existsSync } from "node:fs";\n${ruleText("B").replace("() => true", "() => existsSync('x')")}`,
      "helper.ts": helper,
    });
    const { rules, instrument } = await loadForTesting([folder.path]);
    instrument.mock("A", "existsSync", () => "mocked");
    expect(rules.map((rule) => rule.rule(event()))).toEqual([["mocked", false], false]);
  });

  test("ends with clearMocks", async () => {
    using loaded = await load("double(2)");
    loaded.instrument.mock("A", "double", () => "mocked");
    loaded.instrument.clearMocks();
    expect(loaded.ask()).toBe(4);
  });

  test.each([
    ["A", "treble"],
    ["A", "defineRule"],
    ["B", "double"],
  ])("of what is not imported is an error: rule %s, name %s", async (rule, name) => {
    using loaded = await load("1");
    const mock = (): void => loaded.instrument.mock(rule, name, () => 1);
    expect(mock).toThrow(StakeoutError);
    expect(mock).toThrow(`Rule ${rule} imports no ${name}`);
  });
});

describe("loadForTesting", () => {
  test("gives the rules that the runtime gives, with the same places", async () => {
    const text = "const x = 1 > 2 ? 3 : 4; " + ruleText("A").replace("export", "/* first */ export");
    using folder = withRules({
      "a.ts": text.replace("import", ";import"),
      "b.ts": ruleText("B", 'threshold: "x" as never,'),
    });
    const plain = await folder.load();
    const { rules, problems, warnings } = await loadForTesting([folder.path]);
    expect(rules.map(({ manifest }) => manifest)).toEqual(plain.rules.map(({ manifest }) => manifest));
    expect({ problems, warnings }).toEqual({ problems: plain.problems, warnings: plain.warnings });
    expect(problems.length).toBe(1);
  });

  test("answers problems and does not throw", async () => {
    using folder = withRules({
      "a.ts": "const = 1;",
      "b.ts": 'throw new Error("at load"); export default 1;',
    });
    const { rules, problems } = await loadForTesting([folder.path, `${folder.path}/none`]);
    expect(rules).toEqual([]);
    expect(problems.length).toBe(3);
  });

  test("lets modules that import each other call one another while they load", async () => {
    using folder = withRules({
      "a.ts": `import { used } from "./b.ts";\nexport function first(x) { return x > 1 && used; }
${ruleText("A").replace("() => true", "() => used")}`,
      "b.ts":
        'import { first } from "./a.ts";\nexport const early = first(1);\nexport const used = first(1) === false;',
    });
    const { rules, problems } = await loadForTesting([folder.path]);
    expect(problems).toEqual([]);
    expect(rules[0]?.rule(event())).toBe(true);
  });

  test("follows a variable that a module exports and changes", async () => {
    using folder = withRules({
      "a.ts": `import { count, increment } from "./helper.ts";
${ruleText("A").replace("() => true", "() => [increment(), count]")}`,
      "helper.ts": helper,
    });
    const { rules } = await loadForTesting([folder.path]);
    expect(rules[0]?.rule(event())).toEqual([1, 1]);
    expect(rules[0]?.rule(event())).toEqual([2, 2]);
  });
});
