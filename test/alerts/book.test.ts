import { describe, expect, test } from "vitest";

import { createAlertBook } from "../../src/alerts/book.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { createBook, FakeStore, later, match, startMs } from "./fixtures.ts";

const hour = 3_600_000;

describe("windows", () => {
  test("the first match raises an alert and later ones in the window do not", async () => {
    const { add } = await createBook();
    expect(add()).toMatchObject({ status: "open", matchCount: 1 });
    expect(add({ clockMs: startMs + hour - 1 })).toBeUndefined();
  });

  test("a window ends one period after its first match, however many follow", async () => {
    const { book, add, closeDue } = await createBook();
    add();
    add({ clockMs: startMs + hour - 1 });
    expect(book.nextCloseMs).toBe(startMs + hour);
    expect(closeDue(startMs + hour - 1)).toEqual([]);
    expect(closeDue(startMs + hour)).toMatchObject([{ status: "closed", matchCount: 2 }]);
    expect(book.nextCloseMs).toBe(Infinity);
  });

  test("a match at the end of a window begins the next one", async () => {
    const { add, closeDue } = await createBook();
    const first = add();
    closeDue(startMs + hour);
    const second = add({ clockMs: startMs + hour });
    expect(second).toMatchObject({ status: "open", matchCount: 1, windowStart: "2026-01-01T01:00:00.000Z" });
    expect(second?.id).not.toBe(first?.id);
  });

  test("add after the end without closeDue is refused", async () => {
    const { add } = await createBook();
    add();
    expect(() => add({ clockMs: startMs + hour })).toThrow(RangeError);
  });

  test("rules and dedup keys have windows of their own, also where they run into each other", async () => {
    const { book, add } = await createBook();
    for (const [id, dedup] of [
      ["a", "b"],
      ["ab", ""],
      ["a", "c"],
      ["a", ""],
    ] as const) {
      expect(add({ rule: { id }, dedup })).toBeDefined();
    }
    expect(book.openWindows).toBe(4);
  });

  test("with a period of 0 matches at one engine clock time are one alert", async () => {
    const { add, closeDue } = await createBook();
    expect(add({ rule: { dedupPeriodMs: 0 } })).toBeDefined();
    expect(add({ rule: { dedupPeriodMs: 0 } })).toBeUndefined();
    expect(closeDue(startMs + 1)).toMatchObject([{ matchCount: 2 }]);
    expect(add({ rule: { dedupPeriodMs: 0 }, clockMs: startMs + 1 })).toBeDefined();
  });

  test("windows close by end and then by id", async () => {
    const { add, closeDue } = await createBook();
    add({ dedup: "late", rule: { id: "L", dedupPeriodMs: 2000 } });
    for (const dedup of ["a", "b", "c", "d", "e"]) add({ dedup, rule: { dedupPeriodMs: 1000 } });
    const closed = closeDue(startMs + hour);
    const together = closed.slice(0, 5).map(({ id }) => id);
    expect(together).toEqual(together.toSorted());
    expect(closed[5]).toMatchObject({ dedup: "late" });
  });

  test("windowsMax ends so many and leaves the others due", async () => {
    const { book, add, closeDue } = await createBook();
    for (const dedup of ["a", "b", "c"]) add({ dedup });
    expect(closeDue(startMs + hour, 2)).toHaveLength(2);
    expect(book.nextCloseMs).toBe(startMs + hour);
    expect(closeDue(startMs + hour, 2)).toHaveLength(1);
  });

  test("an edited rule keeps the open window as it began", async () => {
    const { add, closeDue } = await createBook();
    add({ rule: { threshold: 3 } });
    expect(add({ rule: { threshold: 1, dedupPeriodMs: 5 }, clockMs: startMs + 10 })).toBeUndefined();
    expect(add({ rule: { threshold: 1 }, clockMs: startMs + 20 })).toMatchObject({ threshold: 3 });
    expect(closeDue(startMs + hour)).toHaveLength(1);
  });
});

describe("threshold", () => {
  test("the match that reaches it raises the alert, with its own title and position", async () => {
    const { add } = await createBook();
    expect(add({ title: "one", rule: { threshold: 3 } })).toBeUndefined();
    expect(add({ title: "two", rule: { threshold: 3 } })).toBeUndefined();
    const raised = add({
      title: "three",
      severity: "high",
      context: { c: 3 },
      rule: { threshold: 3 },
      clockMs: startMs + 5,
      position: { source: "test", stream: "s", offset: 33 },
    });
    expect(raised).toMatchObject({
      title: "three",
      severity: "high",
      context: { c: 3 },
      matchCount: 3,
      windowStart: "2026-01-01T00:00:00.000Z",
      createdAt: "2026-01-01T00:00:00.005Z",
      position: { offset: 33 },
    });
    expect(raised?.events).toHaveLength(3);
    expect(add({ rule: { threshold: 3 }, clockMs: startMs + 6 })).toBeUndefined();
  });

  test("a window that never reaches it ends without an alert and leaves nothing in the store", async () => {
    const store = new FakeStore();
    const { add, closeDue, commit } = await createBook(store);
    add({ rule: { threshold: 2 }, distinct: true, unique: "x" });
    commit();
    expect(store.keys("alert-event")).toHaveLength(1);
    expect(closeDue(startMs + hour)).toEqual([]);
    commit();
    const kinds = ["window", "window-unique", "alert", "alert-id", "alert-event"];
    expect(kinds.flatMap((kind) => store.keys(kind))).toEqual([]);
  });

  test("a window that begins and ends in one batch leaves nothing of itself in the store", async () => {
    const store = new FakeStore();
    const { add, closeDue, commit } = await createBook(store);
    add({ distinct: true, unique: "x" });
    closeDue(startMs + hour);
    commit();
    expect([...store.keys("window"), ...store.keys("window-unique")]).toEqual([]);
    expect(store.keys("alert")).toHaveLength(1);
  });

  test("with unique, distinct values count and a missing one is a match only", async () => {
    const { add, closeDue } = await createBook();
    const values = ["a", "a", undefined, "b", "a"];
    for (const unique of values) {
      expect(add({ rule: { threshold: 3 }, distinct: true, unique })).toBeUndefined();
    }
    expect(add({ rule: { threshold: 3 }, distinct: true, unique: "c" })).toMatchObject({
      matchCount: 6,
      uniqueCount: 3,
      uniqueEstimated: false,
    });
    add({ distinct: true, unique: "d" });
    expect(closeDue(startMs + hour)).toMatchObject([{ matchCount: 7, uniqueCount: 4 }]);
  });

  test("without unique an alert has no distinct count", async () => {
    const { add } = await createBook();
    expect(add()).not.toHaveProperty("uniqueCount");
  });
});

describe("what an alert holds", () => {
  test("the earliest and latest event time, in whatever order the events come", async () => {
    const { add, closeDue } = await createBook();
    add({ eventTimeMs: startMs });
    add({ eventTimeMs: startMs - 5000 });
    add({ eventTimeMs: startMs + 2000 });
    expect(closeDue(startMs + hour)).toMatchObject([
      { firstEventTime: "2025-12-31T23:59:55.000Z", lastEventTime: "2026-01-01T00:00:02.000Z" },
    ]);
  });

  test("event times beyond what a date can hold", async () => {
    const { add } = await createBook();
    expect(add({ eventTimeMs: 1e20 })).toMatchObject({ lastEventTime: "+275760-09-13T00:00:00.000Z" });
  });

  test("the first events up to alertEventsMax", async () => {
    const { add, closeDue } = await createBook(new FakeStore(), { alertEventsMax: 2 });
    for (let n = 1; n <= 4; n += 1) add({ event: { n } });
    expect(closeDue(startMs + hour)).toMatchObject([{ events: [{ n: 1 }, { n: 2 }], eventsOmitted: 2 }]);
  });

  test("no event after the first that does not fit into alertEventBytesMax, but always the first", async () => {
    const { add, closeDue } = await createBook(new FakeStore(), { alertEventBytesMax: 30 });
    add({ event: { text: "x".repeat(100) } });
    add({ event: { n: 2 } });
    add({ dedup: "bob", event: { n: 1 } });
    add({ dedup: "bob", event: { text: "x".repeat(100) } });
    add({ dedup: "bob", event: { n: 3 } });
    const closed = closeDue(startMs + hour);
    expect(closed.find(({ dedup }) => dedup === "alice")?.events).toEqual([{ text: "x".repeat(100) }]);
    expect(closed.find(({ dedup }) => dedup === "bob")).toMatchObject({
      events: [{ n: 1 }],
      eventsOmitted: 2,
    });
  });

  test("an event that is changed after its match is shown as it was", async () => {
    const { add, closeDue } = await createBook();
    const event = { n: 1 };
    add({ event });
    event.n = 2;
    expect(closeDue(startMs + hour)).toMatchObject([{ events: [{ n: 1 }] }]);
  });

  test("event() is not called once the alert keeps no more", async () => {
    const { book, add } = await createBook(new FakeStore(), { alertEventsMax: 1 });
    add();
    add();
    const unwanted = { ...match(), event: () => expect.unreachable("event() was called") };
    expect(await book.add(unwanted)).toBeUndefined();
  });

  test("the rule's id where it has no name", async () => {
    const { add } = await createBook();
    expect(add({ rule: { id: "A" } })).toMatchObject({ ruleName: "A" });
    expect(add({ rule: { id: "B", displayName: "Name" } })).toMatchObject({ ruleName: "Name" });
  });

  test("the values of summary attributes over the kept events", async () => {
    const { add, closeDue } = await createBook();
    const summaryAttributes = ["user.name", "missing"];
    add({ rule: { summaryAttributes }, event: { user: { name: "a" } } });
    add({ rule: { summaryAttributes }, event: { user: { name: "b" } } });
    expect(closeDue(startMs + hour)).toMatchObject([{ summary: { "user.name": ["a", "b"], missing: [] } }]);
  });

  test("an id that depends on rule, dedup key and window start alone", async () => {
    const first = (await createBook()).add({ title: "x", event: { n: 1 } });
    const second = (await createBook()).add({ title: "y", event: { n: 2 } });
    expect(first?.id).toMatch(/^[0-9a-f]{32}$/);
    expect(second?.id).toBe(first?.id);
    expect((await createBook()).add({ clockMs: startMs + 1 })?.id).not.toBe(first?.id);
  });
});

describe("commits", () => {
  test("a window hit many times in a batch is written once", async () => {
    const store = new FakeStore();
    const { add, commit } = await createBook(store);
    for (let n = 0; n < 1000; n += 1) add({ distinct: true, unique: String(n % 50) });
    commit();
    const once = ["window", "window-unique", "alert", "alert-id", "alerts-in-hour"];
    const kinds = store.written.map(({ kind }) => kind).filter((kind) => kind !== "alert-event");
    expect(kinds.toSorted()).toEqual(once.toSorted());
  });

  test("counting on writes neither the alert nor its events again", async () => {
    const store = new FakeStore();
    const { add, commit } = await createBook(store, { alertEventsMax: 1 });
    add({ context: { text: "x".repeat(10_000) } });
    commit();
    store.written = [];
    add();
    commit();
    expect(store.written.map(({ kind }) => kind)).toEqual(["window"]);
  });

  test("a window goes on after a restart, and its alert is whole when it closes", async () => {
    const store = new FakeStore();
    const before = await createBook(store);
    const raised = before.add({ context: { a: 1 }, event: { n: 1 } });
    before.commit();
    const { add, closeDue } = await createBook(store);
    expect(add({ event: { n: 2 } })).toBeUndefined();
    expect(closeDue(startMs + hour)).toEqual([
      { ...raised, status: "closed", matchCount: 2, events: [{ n: 1 }, { n: 2 }] },
    ]);
  });

  test("that no further event is kept is known after a restart", async () => {
    const store = new FakeStore();
    const before = await createBook(store, { alertEventBytesMax: 30 });
    before.add({ event: { n: 1 } });
    before.add({ event: { text: "x".repeat(100) } });
    before.commit();
    const { add, closeDue } = await createBook(store, { alertEventBytesMax: 30 });
    add({ event: { n: 3 } });
    expect(closeDue(startMs + hour)).toMatchObject([{ events: [{ n: 1 }], eventsOmitted: 2 }]);
  });

  test("what was not committed never happened", async () => {
    const store = new FakeStore();
    (await createBook(store)).add();
    const { book, add } = await createBook(store);
    expect(book.openWindows).toBe(0);
    expect(add()).toBeDefined();
  });

  test("more windows than one page of the store are read back", async () => {
    const store = new FakeStore();
    const before = await createBook(store);
    for (let n = 0; n < 600; n += 1) before.add({ dedup: String(n) });
    before.commit();
    expect((await createBook(store)).book.openWindows).toBe(600);
  });

  test("dedup keys with lone surrogates and NUL stay apart", async () => {
    const store = new FakeStore();
    const before = await createBook(store);
    for (const dedup of ["\ud800", "\udfff", "\u0000", ""]) before.add({ dedup });
    before.commit();
    const { add, closeDue } = await createBook(store);
    for (const dedup of ["\ud800", "\udfff", "\u0000", ""]) expect(add({ dedup })).toBeUndefined();
    expect(closeDue(startMs + hour).map(({ matchCount }) => matchCount)).toEqual([2, 2, 2, 2]);
  });

  test("pendingBytes grows with what waits and starts again after takeWrites", async () => {
    const { book, add } = await createBook();
    add({ event: { text: "x".repeat(5000) } });
    expect(book.pendingBytes).toBeGreaterThan(5000);
    book.takeWrites();
    expect(book.pendingBytes).toBe(0);
    expect(book.takeWrites()).toEqual([]);
  });

  test("a store without the alert of an open window is an error, not an empty alert", async () => {
    const store = new FakeStore();
    const before = await createBook(store);
    before.add();
    before.commit();
    store.commit(store.keys("alert").map((key) => ({ kind: "alert", key, value: undefined })));
    const { closeDue } = await createBook(store);
    expect(() => closeDue(startMs + hour)).toThrow(
      expect.objectContaining({ code: "STATE_FILE_UNUSABLE" }) as Error,
    );
  });

  test("over a store that answers later the book gives the same alerts", async () => {
    const store = new FakeStore();
    const open = async () => {
      const book = createAlertBook({ store: later(store), limits: defaultLimits });
      await book.load();
      return book;
    };
    const before = await open();
    for (const dedup of ["a", "b"]) await before.add(match({ dedup, rule: { threshold: 2 } }));
    store.commit(before.takeWrites());
    const book = await open();
    for (const dedup of ["a", "b"]) {
      expect(await book.add(match({ dedup, rule: { threshold: 2 } }))).toMatchObject({
        dedup,
        matchCount: 2,
      });
    }
    store.commit(book.takeWrites());
    const closed = await (await open()).closeDue(startMs + hour);
    expect(closed.map(({ dedup }) => dedup).toSorted()).toEqual(["a", "b"]);
    expect(closed.every(({ events }) => events.length === 2)).toBe(true);
  });
});
