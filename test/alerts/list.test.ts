import { describe, expect, test } from "vitest";

import { listAlerts, showAlert } from "../../src/alerts/list.ts";
import { createBook, FakeStore, startMs } from "./fixtures.ts";

const hour = 3_600_000;

/** Alerts of three dedup keys, ten minutes apart; the first is closed. */
async function createAlerts(): Promise<FakeStore> {
  const store = new FakeStore();
  const { add, closeDue, commit } = await createBook(store);
  add({ dedup: "first", rule: { id: "A", dedupPeriodMs: 1000 } });
  add({ dedup: "first", rule: { id: "A" }, clockMs: startMs + 10 });
  closeDue(startMs + hour / 6);
  add({ dedup: "second", rule: { id: "B" }, severity: "high", clockMs: startMs + hour / 6 });
  add({ dedup: "third", rule: { id: "A" }, clockMs: startMs + hour / 3, event: { n: 1 } });
  commit();
  return store;
}

describe("listAlerts", () => {
  test("newest first", async () => {
    const { alerts } = await listAlerts(await createAlerts(), { limit: 10 });
    expect(alerts.map(({ dedup }) => dedup)).toEqual(["third", "second", "first"]);
  });

  test("open alerts have the counts of the last commit", async () => {
    const store = await createAlerts();
    const { add, commit } = await createBook(store);
    add({ dedup: "third", rule: { id: "A" }, clockMs: startMs + hour / 2 });
    expect((await listAlerts(store, { limit: 1 })).alerts).toMatchObject([{ status: "open", matchCount: 1 }]);
    commit();
    expect((await listAlerts(store, { limit: 1 })).alerts).toMatchObject([
      { status: "open", matchCount: 2, lastEventTime: "2026-01-01T00:30:00.000Z" },
    ]);
  });

  test.each([
    [{ status: "closed" }, ["first"]],
    [{ ruleId: "A" }, ["third", "first"]],
    [{ severity: "high" }, ["second"]],
    [{ ruleId: "A", severity: "high" }, []],
  ] as const)("only those that match %o", async (filter, expected) => {
    const { alerts } = await listAlerts(await createAlerts(), { limit: 10, ...filter });
    expect(alerts.map(({ dedup }) => dedup)).toEqual(expected);
  });

  test("page after page gives each once", async () => {
    const store = await createAlerts();
    const first = await listAlerts(store, { limit: 2 });
    expect(first.alerts.map(({ dedup }) => dedup)).toEqual(["third", "second"]);
    const second = await listAlerts(store, {
      limit: 2,
      ...(first.next === undefined ? {} : { after: first.next }),
    });
    expect(second.alerts.map(({ dedup }) => dedup)).toEqual(["first"]);
    expect(second).not.toHaveProperty("next");
  });

  test("a page that ends with the last alert is the last one", async () => {
    expect(await listAlerts(await createAlerts(), { limit: 3 })).not.toHaveProperty("next");
  });

  test("an empty store has none", async () => {
    expect(await listAlerts(new FakeStore(), { limit: 10 })).toEqual({ alerts: [] });
  });
});

describe("showAlert", () => {
  test("by the whole id and by its beginning, in any case", async () => {
    const store = await createAlerts();
    const [third] = (await listAlerts(store, { limit: 1 })).alerts;
    const id = third?.id ?? "";
    const shown = await showAlert(store, id);
    expect(shown).toMatchObject({ ...third, events: [{ n: 1 }], eventsOmitted: 0 });
    expect(await showAlert(store, ` ${id.slice(0, 12).toUpperCase()} `)).toEqual(shown);
  });

  test("an unknown id is NOT_FOUND", async () => {
    await expect(showAlert(await createAlerts(), "zz")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a beginning of several ids is NOT_FOUND and names them", async () => {
    const store = await createAlerts();
    const { alerts } = await listAlerts(store, { limit: 10 });
    const failure = await showAlert(store, "").catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "NOT_FOUND" });
    for (const { id } of alerts) expect(String(failure)).toContain(id);
  });
});
