import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { htmlPieces } from "../../src/cli/backtest/html.ts";
import { markup } from "../../src/cli/backtest/markup.ts";
import type { BacktestResult } from "../../src/cli/backtest/result.ts";
import { alertAt, resultOf } from "./backtest-fixtures.ts";
import { cli, tempFolder } from "./fixtures.ts";

function pageOf(result: BacktestResult): string {
  return [...htmlPieces(result)].join("");
}

const attacks = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  "</title></style></pre><svg onload=alert(1)>",
  "<!--",
  "&lt;b&gt;",
  "\u202etxt.exe\u001b[31m",
];
const attack = attacks.join(" ");

/** Every element and attribute of a page, each with the attribute's value. */
function markupOf(page: string): {
  readonly elements: Set<string>;
  readonly attributes: Map<string, Set<string>>;
} {
  const elements = new Set<string>();
  const attributes = new Map<string, Set<string>>();
  for (const [, name = "", rest = ""] of page.matchAll(/<\/?([a-zA-Z!][^\s/>]*)((?:"[^"]*"|[^">])*)>/g)) {
    elements.add(name);
    for (const [, attribute = "", value = ""] of rest.matchAll(/([^\s"=/]+)(?:="([^"]*)")?/g)) {
      attributes.set(attribute, (attributes.get(attribute) ?? new Set()).add(value));
    }
  }
  return { elements, attributes };
}

const hostile = alertAt(0, {
  ruleId: attack,
  ruleName: attack,
  title: attack,
  dedup: attack,
  description: attack,
  reference: "javascript:alert(1)",
  runbook: attack,
  tags: [attack],
  destinations: [attack],
  context: { [attack]: attack },
  summary: { [attack]: [attack] },
  events: [{ [attack]: attack, nested: { list: [attack] } }],
});

const ruleError = {
  ruleId: attack,
  function: attack,
  type: attack,
  count: 1,
  first: { time: "", message: attack, stack: attack, position: hostile.position },
  last: { time: "", message: attack, stack: attack, position: hostile.position },
  event: { [attack]: attack },
};

describe("nothing that an event or a rule says becomes part of the page", () => {
  const harmless = pageOf(
    resultOf({
      alerts: [alertAt(0, { severity: "high" }), alertAt(1, { id: "b", dedup: "b" })],
      baseline: { name: "main", alerts: [alertAt(0), alertAt(2, { id: "c", dedup: "c" })] },
      end: { ruleErrors: [{ ...ruleError, ruleId: "r", function: "rule", type: "Error" }] },
    }),
  );
  const page = pageOf(
    resultOf({
      alerts: [hostile, alertAt(1, { ...hostile, id: "b", dedup: `${attack} b` })],
      baseline: {
        name: attack,
        alerts: [{ ...hostile, title: `${attack} before` }, alertAt(2, { ...hostile, id: "c", dedup: "c" })],
      },
      end: { ruleErrors: [ruleError] },
    }),
  );

  test("no element or attribute that a harmless page has not", () => {
    const known = markupOf(harmless);
    const shown = markupOf(page);
    expect([...shown.elements].filter((name) => !known.elements.has(name))).toEqual([]);
    expect([...shown.attributes.keys()].filter((name) => !known.attributes.has(name))).toEqual([]);
    for (const name of ["script", "img", "a", "link", "iframe"]) expect(known.elements).not.toContain(name);
  });

  test("every bracket that opens is one of the page's own", () => {
    // Whatever stands between the elements of the page has no bracket left.
    const texts = page.replace(/<style>[^<]*<\/style>/, "").replaceAll(/<[!/a-z](?:"[^"<]*"|[^"<>])*>/g, "");
    expect(texts).not.toMatch(/[<>]/);
  });

  test("no control character, no mark that reorders text", () => {
    // oxlint-disable-next-line eslint/no-control-regex -- control characters are what must not be there
    expect(page).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  });

  test("it is all there to be read", () => {
    expect(page).toContain("&#60;script&#62;alert(1)&#60;/script&#62;");
    expect(page).toContain("javascript:alert(1)");
    expect(page).toContain("\\u202e");
  });

  test("whatever text: a value cannot leave its element or attribute", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { text: shown } = markup`<p title="${text}">${text}</p>`;
        const [, title, content] = /^<p title="([^<>"'`]*)">([^<>"'`]*)<\/p>$/s.exec(shown) ?? [];
        expect(content).toBeDefined();
        expect(content).toBe(title);
      }),
    );
  });
});

describe("the page", () => {
  const page = pageOf(
    resultOf({ alerts: [alertAt(0, { events: [{ who: "ada" }], eventsOmitted: 2, matchCount: 3 })] }),
  );

  test("asks for nothing from anywhere", () => {
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).not.toMatch(/\b(?:src|href|action|data)=|url\(|@import|https?:/);
  });

  test("has a language, headings, a labelled drawing, a table with heads, and details that a key opens", () => {
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect([...page.matchAll(/<h([123])/g)].map(([, level]) => Number(level))).toEqual([1, 2, 2, 3]);
    expect(page).toMatch(/<svg [^>]*role="img" aria-labelledby="chart-title">\n<title id="chart-title">/);
    expect(page).toContain('<th scope="row">Rule</th>');
    expect(page).toMatch(/<details>\n<summary>/);
  });

  test("closes what it opens", () => {
    for (const name of [
      "section",
      "details",
      "div",
      "table",
      "tr",
      "svg",
      "pre",
      "dl",
      "main",
      "body",
      "html",
    ]) {
      const opened = page.match(new RegExp(`<${name}[ >]`, "g"))?.length ?? 0;
      expect({ name, closed: page.match(new RegExp(`</${name}>`, "g"))?.length ?? 0 }).toEqual({
        name,
        closed: opened,
      });
    }
  });

  test("shows each alert's events and how many are not kept", () => {
    expect(page).toContain("Events (1, 2 more not kept)");
    expect(page).toContain("&#34;who&#34;: &#34;ada&#34;");
  });

  test("is for light and dark", () => {
    expect(page).toContain("color-scheme: light dark");
    expect(page).toContain("@media (prefers-color-scheme: dark)");
  });

  test("says how many alerts it leaves out", () => {
    const many = Array.from({ length: 1003 }, (_, index) => alertAt(index, { id: `id-${index}` }));
    expect(pageOf(resultOf({ alerts: many }))).toContain("3 more are not shown here; --json has all 1003.");
  });

  test("of a stopped backtest says that it is partial", () => {
    const result = resultOf({ alerts: [alertAt(0)] });
    const summary = { ...result.summary, interrupted: true };
    expect(pageOf({ ...result, summary })).toContain("This is partial");
    expect(page).not.toContain("This is partial");
  });

  test("without alerts says so", () => {
    expect(pageOf(resultOf())).toContain("No alerts were raised.");
  });
});

test("--html writes the page, and the terminal's colours stay out of it", async () => {
  const path = tempFolder();
  mkdirSync(join(path, "rules"));
  writeFileSync(
    join(path, "rules/any.ts"),
    `import { defineRule } from "stakeout";
export default defineRule({ id: "Any", logTypes: ["AWS.CloudTrail"], severity: "critical", rule: () => true, title: (event) => String(event.eventName) });
`,
  );
  const event = {
    eventVersion: "1.08",
    eventTime: "2026-01-01T00:00:00Z",
    eventSource: "s3.amazonaws.com",
    eventName: "<i>Get",
  };
  writeFileSync(join(path, "events.ndjson"), JSON.stringify(event));
  const file = join(path, "page.html");
  const { status, stdout, stderr } = await cli(
    ["backtest", "--rules", join(path, "rules"), "--input", join(path, "events.ndjson"), "--html", file],
    { terminal: true },
  );
  expect(status).toBe(0);
  expect(stdout).toContain("\u001b[");
  expect(stderr).toContain(`The page is in ${file}.`);
  const page = readFileSync(file, "utf8");
  expect(page).toContain("&#60;i&#62;Get");
  expect(page).not.toContain("\u001b");
  expect(page.endsWith("</html>\n")).toBe(true);
});
