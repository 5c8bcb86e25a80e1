import { describe, expect, test } from "vitest";

import {
  type Answers,
  Comparing,
  type Comparison,
  type OwnAnswers,
  type PeerAnswers,
} from "../../conformance/compare.ts";
import { ownAnswers, peerAnswers } from "./fixtures.ts";

function compared(own: OwnAnswers, peer: PeerAnswers): Comparison {
  const comparing = new Comparing();
  comparing.add(own, peer);
  return comparing.result();
}

/** The causes of the differences, `unexplained` where there is none. */
function causes(own: OwnAnswers, peer: PeerAnswers): readonly string[] {
  const { explained, unexplained } = compared(own, peer);
  return [...Object.keys(explained), ...unexplained.map(() => "unexplained")];
}

describe("comparing answers with Panther's packages", () => {
  test.each<[string, Answers, Answers]>([
    ["equal answers", { rule: { output: true } }, { rule: { output: true } }],
    ["equal errors", { title: { error: "KeyError: 'x'" } }, { title: { error: "KeyError: 'x'" } }],
    [
      "a context, which comes as text",
      { alert_context: { output: { a: [1] } } },
      { alert_context: { output: '{"a": [1]}' } },
    ],
    [
      "DEFAULT, for which there is no severity there",
      { severity: { output: "default" } },
      { severity: { output: null } },
    ],
    ["a severity in lower case", { severity: { output: "high" } }, { severity: { output: "HIGH" } }],
    ["no dedup text", { dedup: { output: "" } }, { dedup: { output: "defaultDedupString:Own.Rule" } }],
    [
      "text beyond the limit",
      { title: { output: "x".repeat(1001) } },
      { title: { output: `${"x".repeat(985)}... (truncated)` } },
    ],
  ])("finds %s the same", (_, here, there) => {
    expect(compared(ownAnswers(here), peerAnswers(there))).toMatchObject({
      compared: 1,
      same: 1,
      explained: {},
      unexplained: [],
    });
  });

  test.each<[string, Answers, Answers]>([
    ["another answer", { rule: { output: true } }, { rule: { output: false } }],
    ["an answer for an error", { title: { output: "x" } }, { title: { error: "KeyError: 'x'" } }],
    ["an error for an answer", { title: { error: "KeyError: 'x'" } }, { title: { output: "x" } }],
    [
      "an error of another class",
      { title: { error: "KeyError: 'x'" } },
      { title: { error: "TypeError: 'x'" } },
    ],
    ["a function that is not asked", {}, { title: { output: "x" } }],
    ["a function that is asked only here", { title: { output: "x" } }, {}],
    [
      "an integer beyond 2^53 that became its neighbour",
      { alert_context: { output: { id: 9007199254740992 } } },
      { alert_context: { output: '{"id": 9007199254740993}' } },
    ],
  ])("has no explanation for %s", (_, here, there) => {
    expect(causes(ownAnswers(here), peerAnswers(there))).toStrictEqual(["unexplained"]);
  });

  test("knows what differs between runs there", () => {
    const there: Answers = { title: { output: "a, b" } };
    const peer = peerAnswers(there, { again: [there, { title: { output: "b, a" } }] });
    expect(causes(ownAnswers({ title: { output: "b, a" } }), peer)).toStrictEqual([
      "depends on the order of a set, or on chance",
    ]);
  });

  test("knows events that do not say their log type", () => {
    const peer = peerAnswers({ title: { output: "None" } }, { typed: { title: { output: "alice" } } });
    expect(causes(ownAnswers({ title: { output: "alice" } }), peer)).toStrictEqual([
      "the event does not say its log type: here it is the rule's first",
    ]);
    expect(causes(ownAnswers({ title: { output: "bob" } }), peer)).toStrictEqual(["unexplained"]);
  });

  test("knows that signals are asked for less", () => {
    const own = ownAnswers({}, { isSignal: true });
    expect(causes(own, peerAnswers({ title: { output: "x" } }))).toStrictEqual([
      "a rule that raises no alerts is asked for its context only",
    ]);
  });

  test("knows errors that are worded differently", () => {
    const here: Answers = { title: { error: "TypeError: not a container" } };
    expect(
      causes(ownAnswers(here), peerAnswers({ title: { error: "TypeError: not iterable" } })),
    ).toStrictEqual(["Python 3.14 words the error differently"]);
    const wrongType: Answers = { dedup: { error: "RuleAnswerError: dedup() must answer text" } };
    const there: Answers = {
      dedup: { error: "FunctionReturnTypeError: returned [NoneType], expected [str]" },
    };
    expect(causes(ownAnswers(wrongType), peerAnswers(there))).toStrictEqual([
      "the same error in other words",
    ]);
  });

  test("knows that unique may answer None", () => {
    const there: Answers = {
      unique: { error: "FunctionReturnTypeError: returned [NoneType], expected [str]" },
    };
    expect(causes(ownAnswers({ unique: { output: null } }), peerAnswers(there))).toStrictEqual([
      "unique() may answer None here",
    ]);
  });

  test("counts tests, answers and what was left out", () => {
    const comparing = new Comparing();
    comparing.add(
      ownAnswers({ rule: { output: true }, title: { output: "x" } }),
      peerAnswers({ rule: { output: true }, title: { output: "y" } }),
    );
    comparing.skip("of another kind");
    comparing.skip("of another kind");
    expect(comparing.result()).toMatchObject({
      tests: 1,
      compared: 2,
      same: 1,
      skipped: { "of another kind": 2 },
    });
    expect(comparing.result().unexplained).toStrictEqual([
      {
        ruleId: "Own.Rule",
        name: "event a",
        function: "title",
        here: { output: "x" },
        there: { output: "y" },
      },
    ]);
  });
});
