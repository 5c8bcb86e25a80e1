import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../../../src/core/json.ts";
import { parseKeyPath } from "../../../../src/rules/panther/detection/key-specifier.ts";
import { read, selectionOf } from "../../../../src/rules/panther/detection/selection.ts";
import { cloudTrail, eventOf, makeParser } from "../../../parsers/fixtures.ts";
import { compileExtras, matches, valuePart } from "./fixtures.ts";

function at(path: string, event: JsonObject): JsonValue | undefined {
  const steps = parseKeyPath(path);
  if (steps === undefined) throw new Error(`${path} is not a path.`);
  return read(selectionOf(steps), event);
}

describe("a key path", () => {
  const event = {
    user: { name: "ann", groups: [{ id: 1 }, { id: 2, tags: ["x", "y"] }, {}, "text"] },
    matrix: [[1, 2], [3]],
    nothing: null,
    text: "abc",
  };

  test.each<[string, JsonValue | undefined]>([
    ["text", "abc"],
    ["nothing", null],
    ["user.name", "ann"],
    ["user.groups[1].id", 2],
    ["user.groups[1].tags[0]", "x"],
    ["user.groups[3]", "text"],
    ["user.groups[9]", undefined],
    ["matrix[0][1]", 2],
    ["matrix[*][0]", [1, 3]],
    ["matrix[*][*]", [1, 2, 3]],
    ["user.groups[*].id", [1, 2]],
    ["user.groups[*].tags[*]", ["x", "y"]],
    ["user.groups[*].missing", undefined],
    ["user.groups.id", undefined],
    ["user[0]", undefined],
    ["user[*]", undefined],
    ["text[0]", undefined],
    ["text.length", undefined],
    ["matrix.length", undefined],
    ["nothing.name", undefined],
    ["missing.name", undefined],
  ])("%s leads to %j", (path, value) => {
    expect(at(path, event)).toEqual(value);
  });

  test.each([
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "a[",
    "a[]",
    "a[-1]",
    "a[1",
    "a]1[",
    "[0]",
    "a[0]b",
    "a['b']",
    "a[1.5]",
  ])("%j is none", (path) => {
    expect(parseKeyPath(path)).toBeUndefined();
  });

  test("reaches every value of nested objects and lists", () => {
    const name = fc.stringMatching(/^[a-z]{1,3}$/);
    const step = fc.oneof(name, fc.nat(3));
    fc.assert(
      fc.property(name, fc.array(step), fc.integer(), (first, rest, leaf) => {
        let value: JsonValue = leaf;
        for (const step of rest.toReversed()) {
          value = typeof step === "string" ? { [step]: value } : [...Array<null>(step).fill(null), value];
        }
        const path = rest.map((step) => (typeof step === "string" ? `.${step}` : `[${step}]`)).join("");
        expect(at(first + path, { [first]: value })).toBe(leaf);
      }),
    );
  });
});

describe("the name of a field", () => {
  test("matches in another case", () => {
    expect(at("useridentity.ARN", { userIdentity: { arn: "a" } })).toBe("a");
  });

  test("matches exactly before it matches in another case", () => {
    expect(at("name", { NAME: 1, name: 2 })).toBe(2);
  });

  test("matches the first of several in another case", () => {
    expect(at("name", { NAME: 1, Name: 2 })).toBe(1);
  });

  test.each(["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "__PROTO__", "TOSTRING"])(
    "%s is not found where an object only inherits it",
    (name) => {
      expect([at(name, { a: 1 }), at(`a.${name}`, { a: {} }), at(`a.${name}`, { a: [] })]).toEqual(
        Array(3).fill(undefined),
      );
    },
  );

  test.each(["__proto__", "constructor", "toString"])("%s is found where an event has it", (name) => {
    const event = JSON.parse(`{"${name}": {"id": 1}}`) as JsonObject;
    expect(at(`${name}.id`, event)).toBe(1);
  });

  test.each(["p_any_ip_addresses[0]", "P_Any_IP_Addresses[0]"])(
    "%s finds a standard field that the event inherits",
    (path) => {
      const event = eventOf(cloudTrail({ sourceIPAddress: "192.0.2.7" }));
      makeParser().attachStandardFields(event, 0);
      expect(at(path, event.fields)).toBe("192.0.2.7");
    },
  );
});

describe("key specifiers", () => {
  test("Key takes the name as it is", () => {
    expect(matches([{ Key: "a.b", Condition: "Exists" }], { "a.b": 1 })).toBe(true);
    expect(matches([{ Key: "a.b", Condition: "Exists" }], { a: { b: 1 } })).toBe(false);
  });

  test("DeepKey takes names and indexes", () => {
    const expressions = [{ DeepKey: ["a.b", 1, "c"], Condition: "Equals", Value: 2 }];
    expect(matches(expressions, { "a.b": [{}, { c: 2 }] })).toBe(true);
    expect(matches(expressions, { "a.b": [{ c: 2 }, {}] })).toBe(false);
  });

  describe("Enrichment", () => {
    const key = { Enrichment: { Table: "hosts", Selector: "client.ip", FieldPath: "owner.team" } };
    const expressions = [{ ...key, Condition: "Equals", Value: "red" }];
    const enriched = (row: JsonValue): JsonObject => ({ p_enrichment: { hosts: { "client.ip": row } } });

    test.each<[JsonValue, boolean]>([
      [{ owner: { team: "red" } }, true],
      [{ owner: { team: "blue" } }, false],
      [[{ owner: { team: "blue" } }, { owner: { team: "red" } }], true],
      [[], false],
      ["red", false],
    ])("finds the field in the row or rows %j", (row, expected) => {
      expect(matches(expressions, enriched(row))).toBe(expected);
    });

    test("leads to nothing in an event that was not enriched", () => {
      expect(matches(expressions, { hosts: 1 })).toBe(false);
    });
  });

  test("paths with several values match when any value does, inverse conditions when none does", () => {
    const event = { ports: [{ n: 22 }, { n: 443 }] };
    const port = (condition: string, value: number): boolean =>
      matches([{ KeyPath: "ports[*].n", Condition: condition, Value: value }], event);
    expect(port("Equals", 443)).toBe(true);
    expect(port("Equals", 80)).toBe(false);
    expect(port("DoesNotEqual", 443)).toBe(false);
    expect(port("DoesNotEqual", 80)).toBe(true);
  });

  test("a path with several values is a list where its value is shown", () => {
    const alertContext = valuePart([{ KeyName: "ports", KeyValue: { KeyPath: "ports[*].n" } }]);
    const detection = compileExtras({ alertContext });
    expect(detection.call("alertContext", { ports: [{ n: 22 }] })).toEqual({ ports: [22] });
  });
});
