import { expect, test } from "vitest";

import type { JsonValue } from "../../../src/core/json.ts";
import { checkDestinations } from "../../../src/testing/rule-tests/unknown-destinations.ts";
import { createOutput } from "../report/fixtures.ts";

function errorOf(destinations: JsonValue): string | null | undefined {
  const { passed: _, ...output } = createOutput({ function: "destinations", output: destinations });
  const { outputs, failures } = checkDestinations([output], ["team-a", "team-b"]);
  expect(failures).toHaveLength(outputs[0]?.error === null ? 0 : 1);
  return outputs[0]?.error;
}

test.each([[["team-a"]], [["team-b", "team-a"]], [[]], [null]])("%j passes", (destinations) => {
  expect(errorOf(destinations)).toBeNull();
});

test.each([
  [["team-c"], "team-c"],
  [["team-a", "x", "team-a"], "x, team-a"],
])("%j fails", (destinations, names) => {
  expect(errorOf(destinations)).toBe(
    `UnknownDestinationError: not among the available destinations, or named twice: ${names}`,
  );
});

test("other functions are not looked at", () => {
  const { passed: _, ...title } = createOutput({ function: "title", output: ["x"] });
  expect(checkDestinations([title], [])).toEqual({ outputs: [title], failures: [] });
});
