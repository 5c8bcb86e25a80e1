import { describe, expect, test } from "vitest";

import { LaneServiceLink, serviceCommit } from "../../src/config/lane-service.ts";
import type { LaneMessage, SupervisorMessage } from "../../src/engine/lane-messages.ts";
import type { LaneCommit, LaneParts } from "../../src/engine/lane-parts.ts";
import type { Lane } from "../../src/engine/lane.ts";
import { Staging } from "../../src/engine/staging.ts";
import { SuspensionBook } from "../../src/engine/suspensions.ts";
import {
  createLane,
  Disk,
  diskStore,
  FedSource,
  inputOf,
  ListSource,
  remoteOutputs,
} from "../engine/fixtures.ts";
import { loadedRule } from "../rules/fixtures.ts";

const rules = [loadedRule({}, { id: "A" }), loadedRule({}, { id: "B", stagedUntilMs: 1000 })];

interface Linked {
  readonly link: LaneServiceLink;
  readonly sent: readonly LaneMessage[];
  readonly parts: LaneParts;
  readonly lane: Lane;
}

/** A link with the lane that it serves, which does not run yet. */
async function createLink(isService = true): Promise<Linked> {
  const sent: LaneMessage[] = [];
  const link = new LaneServiceLink((message) => sent.push(message));
  const disk = new Disk();
  const store = await diskStore(disk);
  const service = {
    staging: new Staging(store),
    outputs: remoteOutputs(store, disk, { handOver: link.handOver }),
  };
  const suspensions = new SuspensionBook({
    store,
    limits: { suspendAfter: 1, suspendWindowMs: 1000 },
    rules,
  });
  const overrides: Partial<LaneParts> = { store, suspensions, ...(isService ? service : {}) };
  const { lane, parts } = await createLane({ records: [], rules, disk, parts: overrides });
  return { link, sent, parts, lane };
}

function answers(sent: readonly LaneMessage[]): readonly LaneMessage[] {
  return sent.filter(({ type }) => type === "answer");
}

describe("a message of the main thread", () => {
  test("about something that was stored wakes the source that waits for it, and no other", async () => {
    const { link, lane, parts } = await createLink();
    const woken: string[] = [];
    for (const name of ["a", "b"])
      void link
        .arrivals(name)
        .wait()
        .then(() => woken.push(name));
    link.take({ type: "arrival", source: "a" }, lane, parts);
    await new Promise(setImmediate);
    expect(woken).toEqual(["a"]);
  });

  test("that comes before the source asks is kept for it", async () => {
    const { link, lane, parts } = await createLink();
    link.take({ type: "arrival", source: "a" }, lane, parts);
    await link.arrivals("a").wait();
    expect(link.arrivals("a")).toBe(link.arrivals("a"));
  });

  test("with a command is answered under its number, once it is done", async () => {
    const { link, lane, parts, sent } = await createLink();
    const command: SupervisorMessage = {
      type: "command",
      id: 7,
      command: { type: "stage", ruleId: "A", staged: true },
    };
    link.take(command, lane, parts);
    expect(answers(sent)).toEqual([]);
    await lane.run();
    expect(answers(sent)).toEqual([{ type: "answer", id: 7, answer: { done: 1, problems: [] } }]);
    expect(parts.staging?.isStaged(rules[0]?.manifest ?? loadedRule().manifest, 0)).toBe(true);
  });

  test("with a command to a lane of no service is refused", async () => {
    const { link, lane, parts, sent } = await createLink(false);
    link.take({ type: "command", id: 1, command: { type: "drop", keys: [] } }, lane, parts);
    await new Promise(setImmediate);
    expect(answers(sent)).toMatchObject([{ answer: { done: 0, problems: [expect.any(String)] } }]);
  });
});

test("warnings and deliveries are sent to the main thread", async () => {
  const { link, sent } = await createLink();
  link.warn("careful");
  link.handOver([]);
  expect(sent).toEqual([
    { type: "warning", message: "careful" },
    { type: "deliver", deliveries: [] },
  ]);
});

describe("what a commit tells", () => {
  function commitOf(overrides: Partial<LaneCommit>): LaneCommit {
    const counts = { events: 0, bytes: 0, matches: 0, alerts: 0, ruleErrors: 0, deadLetters: 0 };
    return {
      totals: { ...counts, rules: {} },
      fileBytes: {},
      clockMs: 0,
      durations: { batchMs: 0, commitMs: 0 },
      positions: [],
      records: new Map(),
      ...overrides,
    };
  }

  test("is how far sources are, those too that gave nothing", async () => {
    const { parts } = await createLink();
    const [fed, list] = [new FedSource("fed-1"), new ListSource([], 1, "list-1")];
    const inputs = [inputOf(fed), inputOf(list)];
    const positions = [{ source: "fed-1", stream: "only", value: { next: 3 } }];
    const told = serviceCommit(commitOf({ positions, records: new Map([[fed, 3]]) }), { ...parts, inputs });
    expect(told).toMatchObject({ positions, settled: [], waiting: { remote: 0 } });
    expect(told.sources).toEqual({
      fed: { records: 3, bytesRead: 0, bytesTotal: undefined },
      list: { records: 0, bytesRead: 0, bytesTotal: undefined },
    });
  });

  test.each([
    [999, ["B"]],
    [1000, []],
  ])("is which rules are staged at %i on the engine clock", async (clockMs, staged) => {
    const { parts } = await createLink();
    expect(serviceCommit(commitOf({ clockMs }), parts).rules).toEqual({ staged, suspended: [] });
  });

  test("is which rules are suspended", async () => {
    const { parts } = await createLink();
    parts.suspensions.record(loadedRule({}, { id: "A" }), 0, "looped");
    expect(serviceCommit(commitOf({}), parts).rules.suspended).toEqual(["A"]);
  });
});
