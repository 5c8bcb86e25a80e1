import * as fc from "fast-check";
import { expect, test } from "vitest";

import type { Alert } from "../../src/core/alert.ts";
import { createBook, FakeStore, startMs, type MatchOverrides } from "./fixtures.ts";

const limits = { alertEventsMax: 3, alertEventBytesMax: 60, uniqueExactMax: 64 };

interface Hit {
  readonly ruleId: "plain" | "threshold" | "distinct" | "instant";
  readonly dedup: string;
  readonly stepMs: number;
  readonly eventOffsetMs: number;
  readonly unique: string | undefined;
  readonly text: string;
  /** What happens to the book after this match. */
  readonly after: "nothing" | "commit" | "commit and restart" | "kill";
}

const rules = {
  plain: { dedupPeriodMs: 100, threshold: 1 },
  threshold: { dedupPeriodMs: 50, threshold: 3 },
  distinct: { dedupPeriodMs: 80, threshold: 2 },
  instant: { dedupPeriodMs: 0, threshold: 1 },
} as const;

const hits: fc.Arbitrary<Hit[]> = fc.array(
  fc.record({
    ruleId: fc.constantFrom("plain", "threshold", "distinct", "instant"),
    dedup: fc.constantFrom("a", "\ud800"),
    stepMs: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 20 }) },
      { weight: 1, arbitrary: fc.constant(200) },
    ),
    eventOffsetMs: fc.integer({ min: -100, max: 0 }),
    unique: fc.constantFrom("x", "y", "z", undefined),
    text: fc.constantFrom("", "short", "a text that does not fit with another one"),
    after: fc.constantFrom("nothing", "nothing", "commit", "commit and restart", "kill"),
  }),
  { maxLength: 60 },
);

/** The engine clock at each match. */
function clocks(all: readonly Hit[]): number[] {
  let clockMs = startMs;
  return all.map(({ stepMs }) => (clockMs += stepMs));
}

function toMatch(hit: Hit, index: number, clockMs: number): MatchOverrides {
  return {
    rule: { id: hit.ruleId, ...rules[hit.ruleId] },
    dedup: hit.dedup,
    title: `match ${index}`,
    distinct: hit.ruleId === "distinct",
    unique: hit.ruleId === "distinct" ? hit.unique : undefined,
    eventTimeMs: clockMs + hit.eventOffsetMs,
    clockMs,
    event: { index, text: hit.text },
  };
}

/** The book under commits, restarts and kills; after a kill the matches since the last commit come again. */
async function runBook(all: readonly Hit[], interruptions: boolean): Promise<string[]> {
  const store = new FakeStore();
  const clockAt = clocks(all);
  const committed: Alert[] = [];
  const killed = new Set<number>();
  let batch: Alert[] = [];
  let resumeAt = 0;
  let current = await createBook(store, limits);
  for (let index = 0; index < all.length; index += 1) {
    const hit = all[index];
    const clockMs = clockAt[index];
    if (hit === undefined || clockMs === undefined) break;
    if (clockMs >= current.book.nextCloseMs) batch.push(...current.closeDue(clockMs));
    const raised = current.add(toMatch(hit, index, clockMs));
    if (raised !== undefined) batch.push(raised);
    if (!interruptions) continue;
    if (hit.after === "kill" && !killed.has(index)) {
      killed.add(index);
      batch = [];
      current = await createBook(store, limits);
      index = resumeAt - 1;
    } else if (hit.after !== "nothing" && hit.after !== "kill") {
      current.commit();
      committed.push(...batch);
      batch = [];
      resumeAt = index + 1;
      if (hit.after === "commit and restart") current = await createBook(store, limits);
    }
  }
  return [...committed, ...batch, ...current.closeDue(Infinity)].map((alert) => JSON.stringify(alert));
}

interface ModelWindow {
  readonly ruleId: Hit["ruleId"];
  readonly dedup: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly matches: { readonly hit: Hit; readonly index: number; readonly timeMs: number }[];
  raisedBy: number | undefined;
}

type Shown = Pick<
  Alert,
  "status" | "ruleId" | "dedup" | "title" | "matchCount" | "firstEventTime" | "lastEventTime"
> & {
  readonly events: readonly unknown[];
  readonly uniqueCount: number | undefined;
};

/** The same by keeping every match of every window and counting anew. */
function runModel(all: readonly Hit[]): { readonly opened: Shown[]; readonly closed: Shown[] } {
  const clockAt = clocks(all);
  const opened: Shown[] = [];
  const windows: ModelWindow[] = [];
  for (const [index, hit] of all.entries()) {
    const clockMs = clockAt[index] ?? 0;
    let window = windows.find(
      (one) => one.ruleId === hit.ruleId && one.dedup === hit.dedup && clockMs < one.endMs,
    );
    if (window === undefined) {
      const endMs = clockMs + Math.max(1, rules[hit.ruleId].dedupPeriodMs);
      window = {
        ruleId: hit.ruleId,
        dedup: hit.dedup,
        startMs: clockMs,
        endMs,
        matches: [],
        raisedBy: undefined,
      };
      windows.push(window);
    }
    window.matches.push({ hit, index, timeMs: clockMs + hit.eventOffsetMs });
    if (window.raisedBy === undefined && reached(window) >= rules[hit.ruleId].threshold) {
      window.raisedBy = index;
      opened.push(show(window, "open"));
    }
  }
  const closed = windows
    .filter(({ raisedBy }) => raisedBy !== undefined)
    .map((window) => show(window, "closed"));
  return { opened, closed };
}

function reached({ ruleId, matches }: ModelWindow): number {
  if (ruleId !== "distinct") return matches.length;
  return new Set(matches.map(({ hit }) => hit.unique).filter((value) => value !== undefined)).size;
}

function show(window: ModelWindow, status: Alert["status"]): Shown {
  const times = window.matches.map(({ timeMs }) => timeMs);
  const kept: unknown[] = [];
  let bytes = 0;
  for (const { hit, index } of window.matches) {
    const event = { index, text: hit.text };
    bytes += JSON.stringify(event).length;
    if (kept.length > 0 && (kept.length === limits.alertEventsMax || bytes > limits.alertEventBytesMax))
      break;
    kept.push(event);
  }
  return {
    status,
    ruleId: window.ruleId,
    dedup: window.dedup,
    title: `match ${window.raisedBy}`,
    matchCount: window.matches.length,
    firstEventTime: new Date(Math.min(...times)).toISOString(),
    lastEventTime: new Date(Math.max(...times)).toISOString(),
    events: kept,
    uniqueCount: window.ruleId === "distinct" ? reached(window) : undefined,
  };
}

function shownOf(alert: Alert): Shown {
  return {
    status: alert.status,
    ruleId: alert.ruleId,
    dedup: alert.dedup,
    title: alert.title,
    matchCount: alert.matchCount,
    firstEventTime: alert.firstEventTime,
    lastEventTime: alert.lastEventTime,
    events: alert.events,
    uniqueCount: alert.uniqueCount,
  };
}

function byText(a: Shown, b: Shown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

test("the alerts are those of a naive model", async () => {
  await fc.assert(
    fc.asyncProperty(hits, async (all) => {
      const alerts = (await runBook(all, false)).map((text) => JSON.parse(text) as Alert);
      const model = runModel(all);
      expect(alerts.filter(({ status }) => status === "open").map(shownOf)).toEqual(model.opened);
      const closed = alerts.filter(({ status }) => status === "closed");
      expect(closed.map(shownOf).sort(byText)).toEqual(model.closed.sort(byText));
      const order = closed.map(({ windowEnd, id }) => windowEnd + id);
      expect(order).toEqual(order.toSorted());
    }),
  );
});

test("commits, restarts and kills at any point change no byte of any alert", async () => {
  await fc.assert(
    fc.asyncProperty(hits, async (all) => {
      expect(await runBook(all, true)).toEqual(await runBook(all, false));
    }),
  );
});
