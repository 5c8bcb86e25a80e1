import { expect, test } from "vitest";
import { RefusalLog } from "../../../src/service/ingest/refusal-log.ts";
import { type ManualClock, manualClock } from "../../../src/testing/manual-clock.ts";

function refusalLog(): { readonly log: RefusalLog; readonly clock: ManualClock; readonly lines: unknown[] } {
  const clock = manualClock();
  const lines: unknown[] = [];
  return { log: new RefusalLog({ warn: (fields) => void lines.push(fields) }, clock), clock, lines };
}

test("the first refusal is told at once, the next ones after a minute", () => {
  const { log, clock, lines } = refusalLog();
  log.refused(401);
  log.refused(429, "app");
  clock.advance(59_999);
  log.refused(429, "app");
  expect(lines).toEqual([{ refused: { "401": 1 } }]);
  clock.advance(1);
  log.refused(401);
  expect(lines.slice(1)).toEqual([{ refused: { "401": 1, "429 app": 2 } }]);
});

test("why nothing can be stored is told once a minute", () => {
  const { log, clock, lines } = refusalLog();
  log.unwritable("app", new Error("no space left"));
  log.unwritable("app", new Error("no space left"));
  clock.advance(60_000);
  log.unwritable("app", new Error("read-only file system"));
  expect(lines).toEqual([
    { source: "app", error: "no space left" },
    { source: "app", error: "read-only file system" },
  ]);
});

test("what should not happen is told each time", () => {
  const { log, lines } = refusalLog();
  log.failed(new Error("one"));
  log.failed("two");
  expect(lines).toEqual([{ error: "one" }, { error: "two" }]);
});
