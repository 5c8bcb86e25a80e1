import { describe, expect, test } from "vitest";
import { checkDefinition } from "../../src/rules/check-definition.ts";

const place = { file: "/rules/a.ts", line: 3, fieldLine: (field: string) => 10 + field.length };

/** A definition with nothing wrong, changed. */
function definition(changes: object = {}): object {
  return { id: "A", logTypes: ["L"], severity: "low", rule: () => true, ...changes };
}

function messages(changes: object): readonly string[] {
  return checkDefinition(definition(changes), place).problems.map(({ message }) => message);
}

describe("a definition without mistakes", () => {
  test("gets the defaults", () => {
    expect(checkDefinition(definition(), place)).toEqual({
      manifest: {
        id: "A",
        displayName: undefined,
        enabled: true,
        createAlert: true,
        logTypes: ["L"],
        severity: "low",
        description: "",
        reference: "",
        runbook: "",
        tags: [],
        reports: {},
        dedupPeriodMs: 3_600_000,
        threshold: 1,
        destinations: undefined,
        summaryAttributes: [],
        file: "/rules/a.ts",
        line: 3,
      },
      problems: [],
    });
  });

  test("keeps what it says", () => {
    const said = {
      displayName: "Name",
      enabled: false,
      createAlert: false,
      logTypes: ["L", "M"],
      severity: "critical",
      description: "d",
      reference: "r",
      runbook: "b",
      tags: ["x"],
      reports: { "MITRE ATT&CK": ["TA0006:T1110"] },
      threshold: 5,
      destinations: ["slack"],
      summaryAttributes: ["ip"],
    };
    const { manifest, problems } = checkDefinition(definition({ ...said, dedupPeriod: "1h30m" }), place);
    expect(problems).toEqual([]);
    expect(manifest).toMatchObject({ ...said, dedupPeriodMs: 5_400_000 });
  });

  test("can give functions where text, a name or a list stands otherwise", () => {
    const fields = ["severity", "description", "reference", "runbook", "destinations"];
    const computed = Object.fromEntries(fields.map((field) => [field, String]));
    const { manifest, problems } = checkDefinition(definition(computed), place);
    expect(problems).toEqual([]);
    expect(manifest).toMatchObject({ severity: "medium", description: "", destinations: undefined });
  });

  test("takes a dedup period in seconds, and an empty list of destinations", () => {
    expect(checkDefinition(definition({ dedupPeriod: 90 }), place).manifest.dedupPeriodMs).toBe(90_000);
    expect(checkDefinition(definition({ destinations: [] }), place).manifest.destinations).toEqual([]);
  });

  test("takes undefined for left out", () => {
    expect(messages({ title: undefined, tags: undefined, threshold: undefined, tests: undefined })).toEqual(
      [],
    );
  });

  test("can be an object of a class", () => {
    class Base {
      rule(): boolean {
        return true;
      }
    }
    const made = Object.assign(new Base(), { id: "A", logTypes: ["L"], severity: "low" });
    expect(checkDefinition(made, place).problems).toEqual([]);
  });

  test("keeps tests of any kind", () => {
    expect(messages({ tests: 5 })).toEqual([]);
  });
});

describe("a staged rule", () => {
  test.each([
    [true, Number.POSITIVE_INFINITY],
    ["2026-12-24", Date.UTC(2026, 11, 24)],
    ["2026-12-24T12:00:00+01:00", Date.UTC(2026, 11, 24, 11)],
    [false, undefined],
    [undefined, undefined],
  ])("with staged %o", (staged, stagedUntilMs) => {
    const { manifest, problems } = checkDefinition(definition({ staged }), place);
    expect(problems).toEqual([]);
    expect(manifest.stagedUntilMs).toBe(stagedUntilMs);
  });
});

describe("a mistake", () => {
  const required = "it must be one of info, low, medium, high, critical, or a function";
  const mistakes: readonly (readonly [object, string])[] = [
    [{ id: "" }, "rule : id is empty"],
    [{ id: " " }, "rule  : id is empty"],
    [{ id: "a<b" }, 'rule a<b: id must not contain any of < > & " %'],
    [{ id: "100%" }, 'rule 100%: id must not contain any of < > & " %'],
    [{ id: undefined }, "rule without id: id is missing"],
    [{ id: 5 }, "rule without id: id must be text, not the number 5"],
    [{ logTypes: undefined }, "rule A: logTypes is missing"],
    [{ logTypes: [] }, "rule A: logTypes is empty; name at least one log type"],
    [{ logTypes: "L" }, 'rule A: logTypes must be a list of texts, not "L"'],
    [{ logTypes: ["L", "L"] }, 'rule A: logTypes names "L" twice'],
    [{ logTypes: [""] }, "rule A: logTypes has an empty entry"],
    [{ logTypes: [1] }, "rule A: logTypes must be a list of texts, not a list of 1"],
    [{ severity: undefined }, "rule A: severity is missing; one of info, low, medium, high, critical"],
    [{ severity: "hihg" }, `rule A: unknown severity "hihg"; did you mean high?; ${required}`],
    [{ severity: "HIGH" }, `rule A: unknown severity "HIGH"; did you mean high?; ${required}`],
    [{ severity: "urgent" }, `rule A: unknown severity "urgent"; ${required}`],
    [{ severity: 3 }, `rule A: unknown severity the number 3; ${required}`],
    [
      { rule: undefined },
      "rule A: the function rule is missing: rule(event) answers whether the event matches",
    ],
    [{ rule: true }, "rule A: rule must be a function of the event, not the boolean true"],
    [{ title: "text" }, 'rule A: title must be a function of the event, not "text"'],
    [{ unique: null }, "rule A: unique must be a function of the event, not null"],
    [{ displayName: 5 }, "rule A: displayName must be text, not the number 5"],
    [{ runbook: ["a"] }, "rule A: runbook must be text, not a list of 1"],
    [{ enabled: "yes" }, 'rule A: enabled must be true or false, not "yes"'],
    [{ createAlert: 0 }, "rule A: createAlert must be true or false, not the number 0"],
    [{ tags: ["a", "A"] }, 'rule A: tags names "A" twice'],
    [{ destinations: ["a", "a"] }, 'rule A: destinations names "a" twice'],
    [{ summaryAttributes: {} }, "rule A: summaryAttributes must be a list of texts, not an object"],
    [{ threshold: 0 }, "rule A: threshold must be a whole number of at least 1, not the number 0"],
    [{ threshold: 1.5 }, "rule A: threshold must be a whole number of at least 1, not the number 1.5"],
    [{ threshold: "2" }, 'rule A: threshold must be a whole number of at least 1, not "2"'],
    [{ threshold: null }, "rule A: threshold must be a whole number of at least 1, not null"],
    [{ alert_context: () => ({}) }, "rule A: unknown field alert_context; did you mean alertContext?"],
    [{ DedupPeriod: 60 }, "rule A: unknown field DedupPeriod; did you mean dedupPeriod?"],
    [{ somethingElse: 1 }, "rule A: unknown field somethingElse"],
  ];
  test.each(mistakes)("in %o is reported", (changes, message) => {
    expect(messages(changes)).toEqual([message]);
  });

  test.each([["soon"], ["2026-13-45"], ["2026-12-24T12:00"], [1], [null], [{}]])(
    "in the end of staging %o is reported",
    (staged) => {
      expect(messages({ staged })).toEqual([
        expect.stringMatching(/^rule A: staged cannot be .*; it must be true, false, or until when/),
      ]);
    },
  );

  test.each([["soon"], ["1 fortnight"], [0], ["0s"], [-5], [Number.NaN], [{}], [null]])(
    "in the dedup period %o is reported",
    (dedupPeriod) => {
      expect(messages({ dedupPeriod })).toEqual([
        expect.stringMatching(
          /^rule A: dedupPeriod cannot be .*; it must be a number of seconds or text such as/,
        ),
      ]);
    },
  );

  test.each([0, -1, "2h", "soon", Number.NaN, null, true])("in the budget %o is reported", (budget) => {
    expect(messages({ budget })).toEqual([
      expect.stringMatching(
        /^rule A: budget cannot be .*; it must be a number of seconds or text such as "30s"/,
      ),
    ]);
  });

  test.each([[[]], ["T1110"], [{ "MITRE ATT&CK": "T1110" }], [{ "MITRE ATT&CK": [1110] }], [null]])(
    "in the reports %o is reported",
    (reports) => {
      expect(messages({ reports })).toEqual([
        expect.stringMatching(/^rule A: reports must be an object with/),
      ]);
    },
  );

  test("has the line of its field", () => {
    const { problems } = checkDefinition(definition({ threshold: 0 }), place);
    expect(problems).toMatchObject([{ file: "/rules/a.ts", line: 19 }]);
  });

  test("in a getter is reported", () => {
    const failing = {
      get title(): never {
        throw new RangeError("no");
      },
    };
    expect(checkDefinition(Object.assign(failing, definition()), place).problems).toMatchObject([
      { message: "rule A: title cannot be read: RangeError: no" },
    ]);
  });

  test("does not hide another", () => {
    expect(messages({ severity: "hihg", threshold: 0, tags: "x", titel: 1 })).toHaveLength(4);
  });

  test.each([[undefined], [null], [5], ["rule"], [[]], [(): void => {}]])(
    "such as %o instead of a definition is reported",
    (value) => {
      const [first] = checkDefinition(value, place).problems;
      expect(first?.message).toMatch(/^rule without id: defineRule must be given an object, not /);
    },
  );
});
