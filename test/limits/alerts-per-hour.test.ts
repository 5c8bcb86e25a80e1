import { describe, expect, test } from "vitest";

import { createBook, FakeStore, startMs } from "../alerts/fixtures.ts";

const hour = 3_600_000;
const limits = { alertsPerHourMax: 2 };

describe("alertsPerHourMax", () => {
  test("makes one alert of all that a rule would have raised in the rest of the hour", async () => {
    const { add, closeDue } = await createBook(new FakeStore(), limits);
    for (const dedup of ["a", "b"]) expect(add({ dedup })).toMatchObject({ dedup });
    const summary = add({ dedup: "c", clockMs: startMs + 1000, destinations: ["team"] });
    expect(summary).toMatchObject({
      status: "open",
      title: "Too many alerts: more than 2 in this hour",
      dedup: "alertsPerHourMax",
      destinations: ["team"],
      windowEnd: "2026-01-01T01:00:00.000Z",
    });
    for (const dedup of ["d", "e", "c"]) expect(add({ dedup, clockMs: startMs + 2000 })).toBeUndefined();
    const closed = closeDue(startMs + hour).find(({ id }) => id === summary?.id);
    expect(closed).toMatchObject({ status: "closed", matchCount: 4 });
  });

  test("leaves matches of alerts that were raised before where they belong", async () => {
    const { book, add, closeDue } = await createBook(new FakeStore(), limits);
    for (const dedup of ["a", "b", "c", "a"]) add({ dedup });
    expect(book.matchesOverLimit).toBe(1);
    expect(closeDue(startMs + hour).find(({ dedup }) => dedup === "a")).toMatchObject({ matchCount: 2 });
  });

  test("ends with the hour: a window that lives on raises its alert then, with all its matches", async () => {
    const { add, closeDue } = await createBook(new FakeStore(), limits);
    const rule = { dedupPeriodMs: 2 * hour };
    for (const dedup of ["a", "b", "c"]) add({ dedup, rule });
    closeDue(startMs + hour);
    expect(add({ dedup: "c", rule, clockMs: startMs + hour })).toMatchObject({ dedup: "c", matchCount: 2 });
  });

  test("holds for each rule by itself", async () => {
    const { add } = await createBook(new FakeStore(), limits);
    for (const dedup of ["a", "b", "c"]) add({ dedup });
    expect(add({ dedup: "d", rule: { id: "Test.Other" } })).toMatchObject({ dedup: "d" });
  });

  test("goes on after a commit in another book, with the same alerts", async () => {
    const store = new FakeStore();
    for (const dedup of ["a", "b", "c", "d"]) {
      const { add, commit } = await createBook(store, limits);
      add({ dedup });
      commit();
    }
    const { book, closeDue } = await createBook(store, limits);
    expect(book.openWindows).toBe(5);
    const closed = closeDue(startMs + hour).map(({ dedup, matchCount }) => `${dedup} ${matchCount}`);
    expect(closed.toSorted()).toEqual(["a 1", "alertsPerHourMax 2", "b 1"]);
  });

  test("counts what was not committed as not having happened", async () => {
    const store = new FakeStore();
    const lost = await createBook(store, limits);
    for (const dedup of ["a", "b"]) lost.add({ dedup });
    const { add } = await createBook(store, limits);
    for (const dedup of ["a", "b"]) expect(add({ dedup })).toMatchObject({ dedup });
  });

  test("is not mixed up with a dedup key of the same name", async () => {
    const { book, add } = await createBook(new FakeStore(), limits);
    const own = add({ dedup: "alertsPerHourMax" });
    add({ dedup: "b" });
    const summary = add({ dedup: "c" });
    expect(summary?.dedup).toBe(own?.dedup);
    expect(summary?.id).not.toBe(own?.id);
    expect(book.openWindows).toBe(4);
  });

  test("never lets the alert about it go nowhere", async () => {
    const { add } = await createBook(new FakeStore(), limits);
    for (const dedup of ["a", "b"]) add({ dedup });
    expect(add({ dedup: "c", destinations: [] })).toMatchObject({ destinations: null });
  });
});
