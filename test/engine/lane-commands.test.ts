import { beforeEach, describe, expect, test } from "vitest";

import { abandonedDeliveries, RemoteOutbox } from "../../src/alerts/remote-outbox.ts";
import { runCommand } from "../../src/engine/lane-commands.ts";
import type { CommandAnswer, LaneCommand } from "../../src/engine/lane-messages.ts";
import { Staging } from "../../src/engine/staging.ts";
import { SuspensionBook } from "../../src/engine/suspensions.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { collect, FakeStore } from "../alerts/fixtures.ts";
import { alert } from "../core/alert.fixture.ts";
import { loadedRule } from "../rules/fixtures.ts";

const rule = loadedRule({}, { id: "Known" });
const limits = { suspendAfter: 1, suspendWindowMs: 1000 };

let store: FakeStore;
let outbox: RemoteOutbox;
let staging: Staging;
let suspensions: SuspensionBook;
beforeEach(async () => {
  store = new FakeStore();
  outbox = new RemoteOutbox(store, ["a"]);
  await outbox.load(0);
  staging = new Staging(store);
  suspensions = new SuspensionBook({ store, limits, rules: [rule] });
});

function run(command: LaneCommand): Promise<CommandAnswer> {
  return runCommand(command, { rules: [rule], staging, suspensions, outbox, clock: manualClock() });
}

/** Keys of so many deliveries that were given up. */
async function giveUp(count: number): Promise<readonly string[]> {
  for (let n = 0; n < count; n++) outbox.enqueue("a", alert({ id: `${n}` }), 0);
  store.commit(outbox.takeWrites());
  for (const { key } of await outbox.handOver()) {
    await outbox.ended({ kind: "abandoned", key, attempts: 1, reason: "" }, 0);
  }
  store.commit(outbox.takeWrites());
  return (await collect(abandonedDeliveries(store))).map(({ key }) => key);
}

describe("a rule", () => {
  test.each([true, false])("is staged or promoted: %s", async (staged) => {
    expect(await run({ type: "stage", ruleId: "Known", staged })).toEqual({ done: 1, problems: [] });
    expect(staging.isStaged({ ...rule.manifest, stagedUntilMs: staged ? 0 : 1 }, 0)).toBe(staged);
  });

  test("that is suspended is asked again", async () => {
    suspensions.record(rule, 0, "looped");
    expect(await run({ type: "resume-rule", ruleId: "Known" })).toEqual({ done: 1, problems: [] });
    expect(suspensions.suspended).toEqual([]);
  });

  test("that is not suspended cannot be resumed", async () => {
    expect(await run({ type: "resume-rule", ruleId: "Known" })).toEqual({
      done: 0,
      problems: ["The rule Known is not suspended."],
    });
  });

  test.each<LaneCommand>([
    { type: "stage", ruleId: "Unknown", staged: true },
    { type: "resume-rule", ruleId: "Unknown" },
  ])("that is not there is a problem: $type", async (command) => {
    expect(await run(command)).toEqual({ done: 0, problems: ["There is no rule Unknown."] });
    expect(staging.takeWrites()).toEqual([]);
  });
});

describe("deliveries that were given up", () => {
  test("are retried, queued now", async () => {
    const keys = await giveUp(2);
    expect(await run({ type: "retry", keys })).toEqual({ done: 2, problems: [] });
    store.commit(outbox.takeWrites());
    const queued = (await outbox.handOver()).map(({ queuedAtMs }) => queuedAtMs);
    expect(queued).toEqual([manualClock().nowMs(), manualClock().nowMs()]);
  });

  test("are dropped", async () => {
    const keys = await giveUp(2);
    expect(await run({ type: "drop", keys: keys.slice(0, 1) })).toEqual({ done: 1, problems: [] });
    store.commit(outbox.takeWrites());
    expect((await collect(abandonedDeliveries(store))).map(({ key }) => key)).toEqual(keys.slice(1));
  });

  test("are done as far as they are there, each once, and the others are named", async () => {
    const [key = ""] = await giveUp(1);
    expect(await run({ type: "retry", keys: [key, "gone", key] })).toEqual({
      done: 1,
      problems: ["There is no delivery gone that was given up."],
    });
    expect(outbox.waiting).toEqual({ a: 1 });
  });

  test("none of them is none", async () => {
    expect(await run({ type: "drop", keys: [] })).toEqual({ done: 0, problems: [] });
  });
});
