import { describe, expect, test } from "vitest";
import { compileFilter, compileSimple } from "../../../../src/rules/panther/detection/compile.ts";
import type { Problem } from "../../../../src/core/errors.ts";
import type { JsonValue } from "../../../../src/core/json.ts";
import { problemsOf, problemsOfFilter, valuePart, yamlPart } from "./fixtures.ts";

describe("a detection reports", () => {
  test.each<[string, readonly string[]]>([
    ["[]", ["1: Detection is empty. For a rule that matches every event, write Condition: AlwaysTrue."]],
    ["Key: a", ["1: This must be a list of expressions, not an object."]],
    ["text", ['1: This must be a list of expressions, not "text".']],
    [
      "- text\n-\n- []\n- {Key: a}",
      [1, 2, 3, 4].map(
        (line) =>
          `${line}: An expression is All, Any, OnlyOne, None with a list, or it has a Condition; this has neither.`,
      ),
    ],
    ["- {Key: a, Condition: Equal, Value: 1}", ['1: There is no condition "Equal". Did you mean Equals?']],
    ["- {Key: a, Condition: 5}", ["1: There is no condition the number 5."]],
    ["- Key: a\n  Condition: toString", ['2: There is no condition "toString".']],
    [
      "- {Condition: Exists}",
      ["1: This needs exactly one of Key, DeepKey, KeyPath, Enrichment, and it has none."],
    ],
    [
      "- {Key: a, KeyPath: b, Condition: Exists}",
      ["1: This needs exactly one of Key, DeepKey, KeyPath, Enrichment, and it has Key and KeyPath."],
    ],
    ["- {Key: 5, Condition: Exists}", ["1: Key must be a text that is not empty, not the number 5."]],
    [
      "- Condition: Exists\n  KeyPath: a[",
      ['2: "a[" is not a path. Write fields as a.b, list elements as a[0] or a[*].'],
    ],
    ["- {DeepKey: a, Condition: Exists}", ["1: DeepKey must be a list of field names, outermost first."]],
    ["- {DeepKey: [], Condition: Exists}", ["1: DeepKey must be a list of field names, outermost first."]],
    [
      "- Condition: Exists\n  DeepKey:\n    - a\n    - -1\n    - true",
      [
        "4: A step of DeepKey is a field name or the index of a list, not the number -1.",
        "5: A step of DeepKey is a field name or the index of a list, not the boolean true.",
      ],
    ],
    [
      "- Condition: Exists\n  Enrichment: {Table: t, FieldPath: a..b, FieldPaht: x}",
      [
        '2: "FieldPaht" is not a key of Enrichment. Did you mean FieldPath?',
        "2: Enrichment needs Selector.",
        '2: "a..b" is not a path. Write fields as a.b, list elements as a[0] or a[*].',
      ],
    ],
    ["- {Key: a, Condition: Equals}", ["1: This condition needs Value, and it has neither."]],
    ["- {Key: a, Condition: Equals, Values: [1]}", ["1: This condition needs Value, and it has Values."]],
    ["- {Key: a, Condition: IsIn, Value: 1}", ["1: This condition needs Values, and it has Value."]],
    [
      "- {Key: a, Condition: IsIPAddressInCIDR}",
      ["1: This condition needs Value or Values, and it has neither."],
    ],
    [
      "- {Key: a, Condition: IsIPAddressInCIDR, Value: 1.1.1.1, Values: []}",
      ["1: This condition needs Value or Values, and it has Value and Values."],
    ],
    [
      "- Key: a\n  Condition: Exists\n  Value: 1",
      ["3: This condition looks at the value alone. Remove Value."],
    ],
    [
      "- {Key: a, Condition: Equals, Value: null}",
      ["1: Value must be a text or a number or true or false for this condition, not null."],
    ],
    [
      "- {Key: a, Condition: StartsWith, Value: 12}",
      ["1: Value must be a text for this condition, not the number 12."],
    ],
    [
      "- {Key: a, Condition: IContains, Value: [x]}",
      ["1: Value must be a text for this condition, not a list of 1."],
    ],
    [
      "- {Key: a, Condition: IsLessThan, Value: true}",
      ["1: Value must be a text or a number for this condition, not the boolean true."],
    ],
    [
      "- {Key: a, Condition: IsIn, Values: []}",
      ["1: Values must be a list that is not empty, not a list of 0."],
    ],
    ["- {Key: a, Condition: IsIn, Values: x}", ['1: Values must be a list that is not empty, not "x".']],
    [
      "- Key: a\n  Condition: IsIn\n  Values:\n    - 1\n    - null\n    - [1]",
      [
        "5: Each of Values must be a text, a number, true or false, not null.",
        "6: Each of Values must be a text, a number, true or false, not a list of 1.",
      ],
    ],
    [
      "- Key: a\n  Condition: IsIPAddressInCIDR\n  Values:\n    - 10.0.0.0/8\n    - 10.0.0.0/99\n    - 7",
      [
        '5: This must be a network such as 10.0.0.0/8, not "10.0.0.0/99".',
        "6: This must be a network such as 10.0.0.0/8, not the number 7.",
      ],
    ],
    [
      "- {Key: a, Condition: CIDRContainsIPAddresses, Value: 10.0.0.0/8}",
      ['1: This must be an address such as 10.0.0.1, not "10.0.0.0/8".'],
    ],
    [
      "- Key: a\n  Condition: Exists\n  Valeu: 1",
      ['3: "Valeu" is not a key of an expression. Did you mean Value?'],
    ],
    ["- {Any: []}", ["1: Any without expressions never holds. Give it expressions or remove it."]],
    ["- {OnlyOne: []}", ["1: OnlyOne without expressions never holds. Give it expressions or remove it."]],
    ["- {All: {Condition: AlwaysTrue}}", ["1: This must be a list of expressions, not an object."]],
    [
      "- All: []\n  Any: []",
      [expect.stringMatching(/^2: "Any" is not a key of an expression that starts with All\./)],
    ],
    [
      "- {Condition: AlwaysTrue, Key: a}",
      ['1: "Key" is not a key of an expression that always holds or never does. Known keys: Condition.'],
    ],
    ["- {Key: a, Condition: AnyElement}", ["1: A condition on elements needs Expressions, a list."]],
    [
      "- Key: a\n  Condition: NoElement\n  Expressions:\n    - {Key: b, Condition: Is}\n    - {Condition: Exists}",
      [
        '4: There is no condition "Is". Did you mean IsIn?',
        "5: This needs exactly one of Key, DeepKey, KeyPath, Enrichment, and it has none.",
      ],
    ],
    [
      "- {Condition: Equals, Values: [{Key: a}]}",
      ["1: A comparison of keys needs exactly two in Values, not 1."],
    ],
    [
      "- {Condition: IsIn, Values: [{Key: a}, {Key: b}]}",
      ["1: This condition cannot compare two keys. Use one that compares, such as Equals or IsLessThan."],
    ],
    [
      "- {Condition: Equals, Values: [{KeyPath: 'a[*]'}, {KeyPath: 'b[*]'}]}",
      ["1: Only one of two keys that are compared may lead to several values. Use an index for the other."],
    ],
    [
      "- Condition: Equals\n  Values:\n    - {Key: a}\n    - {Path: b}",
      [
        '4: "Path" is not a key of a key specifier. Known keys: Key, DeepKey, KeyPath.',
        "4: This needs exactly one of Key, DeepKey, KeyPath, and it has none.",
      ],
    ],
  ])("%j", (yaml, expected) => {
    expect(problemsOf(yaml)).toEqual(expected);
  });

  test("everything at once, with the file", () => {
    const problems: Problem[] = [];
    const extras = {
      alertTitle: "{",
      alertContext: yamlPart("a"),
      groupBy: yamlPart("b"),
      dynamicSeverities: yamlPart("c"),
    };
    expect(compileSimple(yamlPart("- {}\n- {}"), extras, problems)).toBeUndefined();
    expect(problems.map(({ file }) => file)).toEqual(Array(6).fill("/rules/simple.yml"));
  });
});

describe("filters report", () => {
  test.each<[string, readonly string[]]>([
    ["- {None: []}", ["1: InlineFilters combine with All and Any only, not with None."]],
    [
      "- {OnlyOne: [{KeyPath: a, Condition: Exists}]}",
      ["1: InlineFilters combine with All and Any only, not with OnlyOne."],
    ],
    ["- {Any: []}", ["1: Any without expressions never holds. Give it expressions or remove it."]],
    [
      "- {Condition: AlwaysTrue}",
      ["1: InlineFilters cannot use AlwaysTrue: they look at single values of the event only."],
    ],
    [
      "- All:\n    - {KeyPath: a, Condition: AnyElement, Expressions: []}",
      ["2: InlineFilters cannot use AnyElement: they look at single values of the event only."],
    ],
    [
      "- {Condition: Equals, Values: [{Key: a}, {Key: b}]}",
      [
        "1: This needs exactly one of Key, DeepKey, KeyPath, Enrichment, and it has none.",
        "1: This condition needs Value, and it has Values.",
      ],
    ],
    [
      "- {KeyPath: a}",
      ["1: An expression is All, Any with a list, or it has a Condition; this has neither."],
    ],
    ["KeyPath: a", ["1: This must be a list of expressions, not an object."]],
  ])("%j", (yaml, expected) => {
    expect(problemsOfFilter(yaml)).toEqual(expected);
  });
});

describe("nesting of expressions", () => {
  function nested(depth: number): JsonValue {
    let expression: JsonValue = { Condition: "Exists", KeyPath: "a" };
    for (let level = 1; level < depth; level++) expression = { All: [expression] };
    return [expression];
  }

  test("is allowed up to a limit", () => {
    expect(compileFilter(valuePart(nested(50)), [])?.({ a: 1 })).toBe(true);
  });

  test.each([51, 5000])("of %i levels is a problem", (depth) => {
    const problems: Problem[] = [];
    expect(compileFilter(valuePart(nested(depth)), problems)).toBeUndefined();
    expect(problems.map(({ message }) => message)).toEqual(["Expressions are nested more than 50 deep."]);
  });
});
