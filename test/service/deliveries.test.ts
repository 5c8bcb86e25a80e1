import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { RemoteOutbox } from "../../src/alerts/remote-outbox.ts";
import { openState } from "../../src/config/open-state.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import type { DeliveryQuery } from "../../src/service/admin/admin-service.ts";
import { Deliveries } from "../../src/service/deliveries.ts";
import type { StateStore } from "../../src/state/store.ts";
import { alert } from "../core/alert.fixture.ts";

const queuedAtMs = Date.UTC(2026, 0, 1);

let store: StateStore;
let deliveries: Deliveries;

/** A state that is open for writing all the time, with alerts 0 to 4 for `a` and 5 for `b`; of those for `a`, 1 and 3 were given up. */
beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-deliveries-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "state.db");
  store = openState(file, { limits: defaultLimits });
  onTestFinished(async () => await store.close());
  deliveries = new Deliveries(file, defaultLimits);
  const outbox = new RemoteOutbox(store, ["a", "b"]);
  await outbox.load(0);
  const commit = async (): Promise<void> =>
    await store.commit({ clockMs: 0, positions: [], entries: outbox.takeWrites() });
  for (let n = 0; n < 6; n++) {
    outbox.enqueue(n < 5 ? "a" : "b", alert({ id: `${n}`, title: `Alert ${n}` }), queuedAtMs + n);
  }
  await commit();
  for (const { key, alert: each } of await outbox.handOver()) {
    if (!["1", "3"].includes(each.id)) continue;
    await outbox.ended({ kind: "abandoned", key, attempts: 7, reason: "It was refused." }, queuedAtMs + 100);
  }
  await commit();
});

async function list(query: Partial<DeliveryQuery> = {}): Promise<readonly string[]> {
  const all = { abandoned: false, destination: undefined, limit: 100, after: undefined };
  const page = await deliveries.list({ ...all, ...query });
  return page.deliveries.map(({ alertId, state }) => `${alertId} ${state}`);
}

describe("a list", () => {
  test("has everything that has not arrived, oldest first within a destination", async () => {
    const listed = await list();
    expect(listed.filter((line) => !line.startsWith("5"))).toEqual([
      "0 waiting",
      "1 abandoned",
      "2 waiting",
      "3 abandoned",
      "4 waiting",
    ]);
    expect(listed).toContain("5 waiting");
  });

  test.each<[string, Partial<DeliveryQuery>, readonly string[]]>([
    ["of those given up", { abandoned: true }, ["1 abandoned", "3 abandoned"]],
    ["of a destination", { destination: "b" }, ["5 waiting"]],
    ["of both", { abandoned: true, destination: "b" }, []],
    ["of a destination that is not there", { destination: "c" }, []],
  ])("%s", async (_, query, expected) => {
    expect(await list(query)).toEqual(expected);
  });

  test("comes in pages that fit together", async () => {
    const seen: string[] = [];
    let after: string | undefined;
    let pages = 0;
    do {
      const page = await deliveries.list({ abandoned: false, destination: undefined, limit: 4, after });
      seen.push(...page.deliveries.map(({ alertId }) => alertId));
      after = page.next;
      pages += 1;
    } while (after !== undefined);
    expect(pages).toBe(2);
    expect(seen.toSorted()).toEqual(["0", "1", "2", "3", "4", "5"]);
  });

  test("on the last page, when it is full, says that there is no other", async () => {
    const page = await deliveries.list({
      abandoned: true,
      destination: undefined,
      limit: 2,
      after: undefined,
    });
    expect(page.deliveries).toHaveLength(2);
    expect(page.next).toBeUndefined();
  });

  test("says of each what a person wants to know, without the alert itself", async () => {
    const all = { destination: undefined, limit: 1, after: undefined };
    const { deliveries: listed } = await deliveries.list({ ...all, abandoned: true });
    expect(listed).toEqual([
      {
        key: expect.any(String) as unknown,
        destination: "a",
        state: "abandoned",
        alertId: "1",
        alertStatus: "open",
        ruleId: "Test.Rule",
        severity: "medium",
        title: "Alert 1",
        queuedAtMs: queuedAtMs + 1,
        abandonedAtMs: queuedAtMs + 100,
        attempts: 7,
        reason: "It was refused.",
      },
    ]);
  });
});

describe("one delivery", () => {
  test("is found by its key, with its alert", async () => {
    const [key = ""] = await deliveries.select({ kind: "all" });
    expect(await deliveries.find(key)).toMatchObject({
      key,
      state: "abandoned",
      idempotencyKey: "1:open",
      alert: alert({ id: "1", title: "Alert 1" }),
    });
  });

  test("that is not there is not found", async () => {
    expect(await deliveries.find("nothing")).toBeUndefined();
  });
});

describe("a selection", () => {
  test("takes keys as they are, for the lane to judge", async () => {
    expect(await deliveries.select({ kind: "keys", keys: ["x", "y"] })).toEqual(["x", "y"]);
  });

  test("is of what was given up alone", async () => {
    expect(await deliveries.select({ kind: "all" })).toHaveLength(2);
    expect(await deliveries.select({ kind: "destination", destination: "a" })).toHaveLength(2);
    expect(await deliveries.select({ kind: "destination", destination: "b" })).toEqual([]);
  });
});

test("what was given up is counted by destination", async () => {
  expect([...(await deliveries.countAbandoned())]).toEqual([["a", 2]]);
});

test("a state that is not there is a clear error", async () => {
  const gone = new Deliveries("/nowhere/state.db", defaultLimits);
  await expect(gone.countAbandoned()).rejects.toMatchObject({ code: "STATE_FILE_NOT_FOUND" });
});
