import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { JsonObject, JsonValue } from "../../src/core/json.ts";
import { renderTemplate, templateProblems } from "../../src/destinations/template.ts";
import { alert } from "../core/alert.fixture.ts";

const example = alert({
  title: 'He said "no" <b>',
  matchCount: 3,
  tags: ["a", "b"],
  context: JSON.parse(
    '{"user": {"name": "alice"}, "none": null, "ok": false, "__proto__": {"x": 1}}',
  ) as JsonObject,
  events: [{ eventName: "GetObject", ips: ["1.1.1.1", "8.8.8.8"] }, {}],
});

describe("a string that is nothing but a path becomes the value", () => {
  test.each<readonly [string, JsonValue]>([
    ["{{title}}", 'He said "no" <b>'],
    ["{{ title }}", 'He said "no" <b>'],
    ["{{matchCount}}", 3],
    ["{{tags}}", ["a", "b"]],
    ["{{tags.1}}", "b"],
    ["{{context.user}}", { name: "alice" }],
    ["{{context.user.name}}", "alice"],
    ["{{context.ok}}", false],
    ["{{context.none}}", null],
    ["{{context.__proto__}}", { x: 1 }],
    ["{{events.0.eventName}}", "GetObject"],
    ["{{events.0.ips.1}}", "8.8.8.8"],
  ])("%s", (template, value) => {
    expect(renderTemplate(template, example)).toEqual(value);
  });

  test.each([
    "{{context.missing}}",
    "{{context.user.name.first}}",
    "{{events.2.eventName}}",
    "{{events.length}}",
    "{{events.-1}}",
    "{{events.01}}",
    "{{title.0}}",
    "{{uniqueCount}}",
    "{{constructor}}",
    "{{context.constructor.name}}",
    "{{context.toString}}",
    "{{}}",
  ])("%s is missing: null", (template) => {
    expect(renderTemplate(template, example)).toBeNull();
  });
});

describe("within other text", () => {
  test.each([
    ["{{severity}}: {{title}}!", 'medium: He said "no" <b>!'],
    ["{{matchCount}} matches, {{context.ok}}", "3 matches, false"],
    ["user {{context.user}}", 'user {"name":"alice"}'],
    ["tags {{tags}}", 'tags ["a","b"]'],
    ["[{{context.none}}|{{context.missing}}]", "[|]"],
    ["{{title}}{{matchCount}}", 'He said "no" <b>3'],
    ["{ {title} } {{title", "{ {title} } {{title"],
  ])("%s", (template, text) => {
    expect(renderTemplate(template, example)).toBe(text);
  });

  test("what a value holds is never taken for a path", () => {
    expect(renderTemplate("a {{title}}", alert({ title: "{{id}} $& $1" }))).toBe("a {{id}} $& $1");
  });
});

test("lists and objects are filled in, keys and other values stay", () => {
  const template = { "{{title}}": ["{{matchCount}}", 1, null, true, { deep: "{{severity}}" }] };
  expect(renderTemplate(template, example)).toEqual({ "{{title}}": [3, 1, null, true, { deep: "medium" }] });
});

test("any title stays what it is through JSON", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (title) => {
      const body = JSON.stringify(
        renderTemplate({ text: "{{title}}", more: "<{{title}}>" }, alert({ title })),
      );
      expect(JSON.parse(body)).toEqual({ text: title, more: `<${title}>` });
    }),
  );
});

describe("problems", () => {
  test("paths that begin with no field of an alert, wherever they stand", () => {
    expect(templateProblems({ a: "{{sevrity}}", b: ["x {{ titel }} {{title}}"], "{{c}}": "{{}}" })).toEqual([
      '{{sevrity}} stands for nothing: an alert has no field "sevrity".',
      '{{ titel }} stands for nothing: an alert has no field "titel".',
      '{{}} stands for nothing: an alert has no field "".',
    ]);
  });

  test("there are none where all are fields, or nothing is a path", () => {
    expect(templateProblems(["{{context.anything}}", "{{uniqueCount}}", 1, null, "text"])).toEqual([]);
  });

  test("what every object has is no field", () => {
    expect(templateProblems("{{constructor}}")).toHaveLength(1);
  });
});
