import { setImmediate as turnEventLoop } from "node:timers/promises";
import { queryObjects } from "node:v8";

import { describe, expect, onTestFinished, test } from "vitest";

import type { RemoteDelivery } from "../../src/alerts/remote-outbox.ts";
import type { Event } from "../../src/core/event.ts";
import type { LaneCommit, LaneParts, LaneResult } from "../../src/engine/lane-parts.ts";
import type { Lane } from "../../src/engine/lane.ts";
import { Staging } from "../../src/engine/staging.ts";
import type { LoadedRule } from "../../src/rules/runtime.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { loadedRule } from "../rules/fixtures.ts";
import {
  cloudTrail,
  createLane,
  Disk,
  FedSource,
  farClock,
  inputOf,
  linesOf,
  remoteOutputs,
} from "./fixtures.ts";

/** Matches every event but those named Quiet, each with an alert of its own. */
const everyEvent: LoadedRule = {
  ...loadedRule({ dedup: (fields) => fields["eventID"] }, { id: "Every", logTypes: ["AWS.CloudTrail"] }),
  rule: ({ fields }: Event) => fields["eventName"] !== "Quiet",
};

function event(id: string, eventName = "GetObject"): string {
  return cloudTrail(0, { eventName, eventID: id });
}

interface RunningLane {
  readonly lane: Lane;
  readonly disk: Disk;
  readonly staging: Staging;
  readonly a: FedSource;
  readonly b: FedSource;
  /** What was handed over and committed so far. */
  readonly handed: readonly RemoteDelivery[];
  readonly commits: readonly LaneCommit[];
  readonly ended: Promise<LaneResult>;
  readonly stop: () => Promise<LaneResult>;
}

/** A lane over two sources that wait, whose deliveries somebody else makes; stopped when the test is over. */
async function startLane(disk: Disk = new Disk(), parts: Partial<LaneParts> = {}): Promise<RunningLane> {
  const [a, b] = [new FedSource("a"), new FedSource("b")];
  const handed: RemoteDelivery[] = [];
  const commits: LaneCommit[] = [];
  let staging: Staging | undefined;
  const { lane, control } = await createLane({
    records: [],
    rules: [everyEvent],
    disk,
    parts: {
      inputs: [inputOf(a), inputOf(b)],
      inputOrder: "together",
      onCommit: (commit) => commits.push(commit),
      ...parts,
    },
    partsOf: (store) => ({
      staging: (staging = new Staging(store)),
      outputs: remoteOutputs(store, disk, { handOver: (deliveries) => handed.push(...deliveries) }),
    }),
  });
  if (staging === undefined) throw new Error("the lane was built without its parts");
  const ended = lane.run();
  const stop = async (): Promise<LaneResult> => {
    control.requestStop();
    await lane.wake();
    return await ended;
  };
  onTestFinished(async () => void (await stop().catch(() => undefined)));
  return { lane, disk, staging, a, b, handed, commits, ended, stop };
}

/** Lets things happen until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turnEventLoop();
}

function waiting({ disk }: RunningLane): number {
  return [...disk.entries.values()].filter(({ kind }) => kind === "outbox").length;
}

describe("a lane with several sources", () => {
  test("examines what comes from any of them, in batches that are committed without more coming", async () => {
    const running = await startLane();
    const { a, b, disk } = running;
    b.give(event("1"));
    await until(() => linesOf(disk, "alerts").length === 1);
    a.give(event("2"));
    await until(() => disk.positions.has("a\nonly"));
    expect(disk.positions.get("a\nonly")?.value).toEqual({ next: 1 });
    expect(disk.positions.get("b\nonly")?.value).toEqual({ next: 1 });
    expect(await running.stop()).toMatchObject({ interrupted: true, matches: { Every: 2 } });
  });

  test("tells with each commit how many records each has given", async () => {
    const { a, b, commits, stop } = await startLane();
    a.give(event("1"), event("2"));
    b.give(event("3", "Quiet"));
    await until(() => [...(commits.at(-1)?.records.values() ?? [])].reduce((sum, n) => sum + n, 0) === 3);
    await stop();
    const last = commits.at(-1);
    expect([...(last?.records ?? [])].map(([{ id }, count]) => `${id} ${count}`).toSorted()).toEqual([
      "a 2",
      "b 1",
    ]);
  });

  test("ends with the error of one while the other waits", async () => {
    const { b, ended } = await startLane();
    b.fail(new Error("b cannot be read"));
    await expect(ended).rejects.toThrow("b cannot be read");
  });

  test("that is stopped while all wait ends at once", async () => {
    const { stop } = await startLane();
    expect(await stop()).toMatchObject({ interrupted: true });
  });

  test("holds nothing of waits that are over, however many there were", async () => {
    const { a, disk } = await startLane();
    const give = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) {
        const before = disk.positions.get("a\nonly");
        a.give(event("", "Quiet"));
        await until(() => disk.positions.get("a\nonly") !== before);
      }
    };
    await give(3);
    const before = queryObjects(Promise, { format: "count" });
    await give(200);
    expect(queryObjects(Promise, { format: "count" }) - before).toBeLessThan(40);
  });
});

describe("ends of deliveries", () => {
  test("are committed while no record comes", async () => {
    const running = await startLane();
    running.a.give(event("1"), event("2"));
    await until(() => running.handed.length === 2);
    const ends = running.handed.map(({ key }) => ({ kind: "delivered", key, attempts: 1 }) as const);
    running.lane.deliveriesEnded(ends);
    await until(() => waiting(running) === 0);
    expect(running.handed).toHaveLength(2);
  });

  test("make room for further deliveries, without records", async () => {
    const running = await startLane();
    running.a.give(...Array.from({ length: 70 }, (_, n) => event(`${n}`)));
    await until(() => running.handed.length === 64 && waiting(running) === 70);
    const ends = running.handed.map(({ key }) => ({ kind: "delivered", key, attempts: 1 }) as const);
    running.lane.deliveriesEnded(ends);
    await until(() => running.handed.length === 70);
    expect(waiting(running)).toBe(6);
  });
});

describe("a command", () => {
  test("is done while no record comes, and answered once it is committed", async () => {
    const { lane, staging, commits, disk } = await startLane();
    await until(() => commits.length > 0);
    await lane.command(() => staging.decide("Every", true));
    expect([...disk.entries.values()]).toContainEqual({
      kind: "rule-staging",
      key: expect.any(String) as unknown,
      value: { ruleId: "Every", staged: true },
    });
  });

  test("that comes before the lane has begun finds what is stored", async () => {
    const disk = new Disk();
    const first = await startLane(disk);
    await first.lane.command(() => first.staging.decide("Every", true));
    await first.stop();
    const second = await startLane(disk);
    const isStaged = await second.lane.command(() => second.staging.isStaged(everyEvent.manifest, 0));
    expect(isStaged).toBe(true);
  });

  test("that no commit has to take down is answered all the same", async () => {
    const { lane, commits } = await startLane();
    await until(() => commits.length > 0);
    const before = commits.length;
    expect(await lane.command(() => 7)).toBe(7);
    expect(commits).toHaveLength(before);
  });

  test("that fails is told so, and the lane goes on", async () => {
    const { lane, a, disk } = await startLane();
    await expect(lane.command(() => Promise.reject(new Error("not possible")))).rejects.toThrow(
      "not possible",
    );
    a.give(event("1"));
    await until(() => linesOf(disk, "alerts").length === 1);
    expect(linesOf(disk, "alerts")).toHaveLength(1);
  });

  test("several are done in order, before they are answered", async () => {
    const { lane } = await startLane();
    const done: number[] = [];
    const commands = [1, 2, 3].map((n) => lane.command(async () => void done.push(n)));
    await commands[0];
    expect(done).toEqual([1, 2, 3]);
    await Promise.all(commands);
  });

  test("that comes when the lane is being stopped is still done", async () => {
    const { lane, stop } = await startLane();
    const [answer] = await Promise.all([lane.command(() => "done"), stop()]);
    expect(answer).toBe("done");
  });
});

test("a batch's time counts from its first record, not from the wait before it", async () => {
  const clock = manualClock(farClock.nowMs());
  const { a, commits } = await startLane(new Disk(), { clock });
  await until(() => commits.length > 0);
  clock.advance(3_600_000);
  const before = commits.length;
  a.give(event("1"));
  await until(() => commits.length > before);
  expect(commits[before]?.durations).toEqual({ batchMs: 0, commitMs: 0 });
});
