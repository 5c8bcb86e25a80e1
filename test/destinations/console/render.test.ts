import { stripVTControlCharacters } from "node:util";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { severities } from "../../../src/core/severity.ts";
import { renderAlert } from "../../../src/destinations/console/render.ts";
import { alert } from "../../core/alert.fixture.ts";

const plain = { color: false, width: 100 };

const dangerous = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

describe("an open alert", () => {
  test("is one block with everything that a reader needs first", () => {
    const text = renderAlert(
      alert({
        severity: "high",
        title: "alice was denied 10 times",
        ruleId: "AWS.Denied",
        ruleName: "Access denied",
        threshold: 10,
        matchCount: 10,
        uniqueCount: 7,
        uniqueEstimated: false,
        lastEventTime: "2026-01-01T00:12:30.250Z",
        context: { account: "123" },
        events: [{ p_row_id: "x", eventName: "GetObject", user: { a: 1 }, empty: "", readOnly: true }],
        description: "Somebody probes.",
        runbook: "Ask alice.\nThen lock.",
        reference: "https://example.com",
      }),
      plain,
    );
    expect(text).toBe(
      `${[
        " HIGH  alice was denied 10 times",
        "  rule    AWS.Denied (Access denied)",
        "  alert   0123456789abcdef0123456789abcdef",
        "  dedup   alice",
        "  matches 10, 7 distinct (threshold 10)",
        "  seen    2026-01-01 00:00:00Z to 2026-01-01 00:12:30Z",
        '  context {"account":"123"}',
        "  event   eventName=GetObject readOnly=true",
        "  about   Somebody probes.",
        "  runbook Ask alice. Then lock.",
        "  see     https://example.com",
      ].join("\n")}\n\n`,
    );
  });

  test("leaves out what is empty or says the same twice", () => {
    const text = renderAlert(alert({ title: "same", dedup: "same", events: [] }), plain);
    expect(text.trimEnd().split("\n")).toHaveLength(5);
  });

  test("says that a distinct count is an estimate", () => {
    expect(renderAlert(alert({ uniqueCount: 5000, uniqueEstimated: true }), plain)).toContain(
      "about 5000 distinct",
    );
  });
});

test("a closed alert is one line with the final counts", () => {
  const text = renderAlert(alert({ status: "closed", matchCount: 23 }), plain);
  expect(text).toMatch(
    /^ closed {2}Something happened: 23 matches, 2026-01-01 00:00:00Z, alert 0123456789ab\n$/,
  );
});

describe("colour", () => {
  test.each(severities)("%s changes nothing but colour", (severity) => {
    const shown = alert({ severity });
    const colored = renderAlert(shown, { color: true, width: 100 });
    expect(colored).toContain("\u001b[");
    expect(stripVTControlCharacters(colored)).toBe(renderAlert(shown, plain));
  });

  test("each severity has its own", () => {
    const badges = severities.map((severity) =>
      renderAlert(alert({ severity }), { color: true, width: 100 }),
    );
    expect(new Set(badges.map((text) => text.slice(0, text.indexOf(" ")))).size).toBe(severities.length);
  });
});

describe("hostile events", () => {
  const escape = "\u001b]0;owned\u0007\u001b[2J";

  test("escape sequences become visible text", () => {
    const text = renderAlert(alert({ title: `a${escape}\u009b2Jb` }), plain);
    expect(text.split("\n")[0]).toContain(String.raw`a\x1b]0;owned\x07\x1b[2J\x9b2Jb`);
  });

  test("a line break cannot begin a line that looks like another alert", () => {
    const text = renderAlert(alert({ title: "a\n CRITICAL  b", dedup: "c\r\n CRITICAL  d" }), plain);
    expect(text.split("\n").filter((line) => /^ ?CRITICAL/.test(line))).toEqual([]);
  });

  test("no text anywhere reaches the terminal as a control, and no line is wider than the terminal", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.constantFrom(escape, "\u202e", "\r\n", "😀".repeat(80)),
    );
    const alerts = fc.record({
      title: texts,
      dedup: texts,
      ruleId: texts,
      ruleName: texts,
      description: texts,
      runbook: texts,
      reference: texts,
      status: fc.constantFrom("open", "closed"),
      context: fc.dictionary(texts, texts),
      events: fc.array(fc.dictionary(texts, texts), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(alerts, fc.integer({ min: 0, max: 200 }), (overrides, width) => {
        const lines = renderAlert(alert(overrides), { color: false, width }).split("\n");
        expect(lines.length).toBeLessThanOrEqual(13);
        for (const line of lines) {
          expect(line).not.toMatch(dangerous);
          expect(Array.from(line).length).toBeLessThanOrEqual(Math.max(40, width));
        }
      }),
    );
  });

  test("a very long value is cut and says so", () => {
    const text = renderAlert(alert({ title: "x".repeat(1_000_000) }), plain);
    const [first] = text.split("\n");
    expect(first).toHaveLength(100);
    expect(first?.endsWith("…")).toBe(true);
  });
});
