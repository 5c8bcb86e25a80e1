import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isThenable } from "../../../src/core/json.ts";
import type { LoadedRule } from "../../../src/rules/runtime.ts";
import { loadForTesting } from "../../../src/rules/typescript/test-instrument.ts";
import { event, withRules } from "../fixtures.ts";

/** Code that shows in what order it is evaluated: every call is logged, and some of them throw. */
const prelude = `import { readFileSync as see, default as fs } from "node:fs";
import * as helper from "./helper.ts";
import { defineRule, now } from "stakeout";
const log = [];
let v = 1;
const say = (name, value) => (log.push(name), value);
const later = async (name, value) => (log.push(name), await null, log.push(name + "!"), value);
const fail = (name) => { log.push(name); throw new RangeError(name); };
const object = { n: 3, s: "text", list: [1, 2, 3], deep: { self() { return this.n; }, n: 4 }, gives(x) { return [this.n, x]; } };
const tag = (strings, ...values) => strings.join("|") + values.join();
class Shape { #side = 2; has(other) { return #side in other && this.#side > 1; } }
`;

const name = fc.constantFrom("a", "b", "c", "d");
const constant = fc.constantFrom(
  "0",
  "1",
  "2",
  '"x"',
  '""',
  "true",
  "false",
  "null",
  "undefined",
  "NaN",
  "[]",
  "({}).x",
);
const seen = fc.constantFrom(
  "event.a?.b",
  "event.a",
  "event.missing.field",
  "event.missing?.field.deeper.still",
  "event.list",
  "event['a']",
  "object.deep.self()",
  "object.deep?.self?.()",
  "object.missing?.(say('never', 1)).x",
  "object.gives(v)[0]",
  "object.list.includes(v)",
  "event.text.startsWith('te')",
  "event.text?.toUpperCase()",
  "this?.n",
  "v",
  "v++",
  "typeof nowhere",
  "typeof event.a",
  "typeof v",
  "new Shape().has(new Shape())",
  "new Shape().has(object)",
  "new Set([v, 2])",
  "delete object.nothing",
  "(function () { return this; })()",
  "arguments.length",
  "new.target",
  "helper.double(v)",
  "helper.double?.(v)",
  "helper.counter",
  "typeof see",
  "fs.constants.R_OK",
  "tag`x${v}y${event.a}`",
  "({ v, see, n: event.a }).v",
  "[...object.list, v].length",
  "object.list.map((x) => x > 1 && x)",
  "object.list.some(function (x) { return x === v; })",
  "((see) => see)(v)",
  "(() => { const helper = { double: (x) => x }; return helper.double(v); })()",
  "(/(t)e/.exec(event.text) || [])[1]",
);

const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const inner = tie("expression");
  const binary = fc.constantFrom("===", "!==", "==", "<", ">=", "+", "&&", "||", ",", "-");
  return {
    expression: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      constant,
      seen,
      fc.tuple(inner, binary, inner).map(([left, operator, right]) => `(${left} ${operator} ${right})`),
      fc.tuple(inner, binary, inner).map(([left, operator, right]) => `(${left}${operator} ${right})`),
      fc.tuple(inner, inner).map(([left, right]) => `(${left} ?? ${right})`),
      fc.tuple(inner, inner, inner).map(([test, yes, no]) => `(${test} ? ${yes} : ${no})`),
      fc.tuple(inner, inner, inner).map(([x, y, z]) => `(${x} && ${y} && ${z})`),
      fc.tuple(name, inner).map(([name, value]) => `say("${name}", ${value})`),
      fc.tuple(name, inner).map(([name, value]) => `await later("${name}", ${value})`),
      fc.tuple(name, inner).map(([name, value]) => `(await later("${name}", [${value}])).length`),
      name.map((name) => `fail("${name}")`),
      inner.map((value) => `!${value}`),
      inner.map((value) => `!!(${value})`),
      inner.map((value) => `(v = ${value})`),
      inner.map((value) => `(v ||= ${value})`),
      inner.map((value) => `\`\${${value}}\``),
      inner.map((value) => `("n" in (Object(${value})))`),
      inner.map((value) => `((${value}) instanceof Array)`),
      inner.map((value) => `(() => ${value.includes("await") ? "1" : `(${value})`})()`),
      fc
        .tuple(inner, inner)
        .map(([x, y]) => `await Promise.all([later("p", 1), (async () => ${x} === 1 && ${y})()])`),
    ),
  };
});

const { statement } = fc.letrec<{ statement: string }>((tie) => {
  // In braces, so that the last statement needs no semicolon of its own.
  const inner = tie("statement").map((code) => `{ ${code} }`);
  return {
    statement: fc.oneof(
      { maxDepth: 3 },
      expression.map((value) => `return ${value};`),
      expression.map((value) => `return!${value}`),
      expression.map((value) => `say("s", ${value})\nsay("t", v)`),
      fc
        .tuple(expression, expression)
        .map(([x, y]) => `const k = ${x}\n!${y} || helper.double(1)\nhelper.double(k)`),
      fc.tuple(expression, inner, inner).map(([test, yes, no]) => `if (${test}) { ${yes} } else { ${no} }`),
      fc.tuple(expression, inner).map(([test, yes]) => `if (${test}) ${yes}`),
      fc
        .tuple(expression, constant, expression, inner)
        .map(
          ([x, y, z, body]) => `switch (${x}) { case ${y}: ${body} case ${z}: v = 2; break; default: v = 3 }`,
        ),
      fc.tuple(expression, inner).map(([test, body]) => `for (let i = 0; i < 3 && ${test}; i++) { ${body} }`),
      fc
        .tuple(expression, inner)
        .map(([test, body]) => `let w = 0; while (w++ < 2 && (${test})) { ${body} }`),
      fc
        .tuple(inner, inner)
        .map(([body, more]) => `try { ${body} } catch (see) { log.push(String(see)); ${more} }`),
    ),
  };
});

const body = fc
  .array(statement, { minLength: 1, maxLength: 3 })
  .map((statements) => statements.map((s) => `{ ${s} }`).join("\n"));

function fileOf(bodies: readonly string[]): string {
  const functions = bodies.map((body) => `async function (event) {\n${body}\n}`).join(",\n");
  return `${prelude}
const functions = [${functions}];
export default defineRule({
  id: "A", logTypes: ["L"], severity: "low",
  async rule(event) {
    const results = [];
    for (const f of functions) {
      log.length = 0;
      v = 1;
      let answer;
      try { answer = [await f.call(object, event)]; } catch (error) { answer = String(error); }
      results.push([answer, v, ...log]);
    }
    return results;
  },
});`;
}

const helperText = `export let counter = 0;
export function double(x) { counter += 1; return x * 2 > 2 && x * 2; }
`;

async function results(rule: LoadedRule | undefined): Promise<unknown> {
  const answer = rule?.rule(event({ a: { b: 1 }, list: [1], text: "text" }));
  return isThenable(answer) ? await answer : answer;
}

describe("instrumented code", () => {
  test("does exactly what the code itself does, traced or not", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(body, { minLength: 20, maxLength: 20 }), async (bodies) => {
        using folder = withRules({ "a.ts": fileOf(bodies), "helper.ts": helperText });
        const plain = await folder.load();
        expect(plain.problems).toEqual([]);
        const { rules, problems, instrument } = await loadForTesting([folder.path]);
        expect(problems).toEqual([]);
        const expected = await results(plain.rules[0]);
        expect(await results(rules[0])).toEqual(expected);
        // The helper's counter goes on, in both.
        const again = await results(plain.rules[0]);
        instrument.startTrace();
        expect(await results(rules[0])).toEqual(again);
        expect(instrument.takeTrace().length).toBeGreaterThan(0);
      }),
      { numRuns: 20 },
    );
  });
});
