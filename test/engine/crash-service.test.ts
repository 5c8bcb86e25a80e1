import * as fc from "fast-check";
import { expect, test } from "vitest";

import {
  abandonedDeliveries,
  type RemoteDelivery,
  type RemoteDeliveryEnd,
} from "../../src/alerts/remote-outbox.ts";
import type { Event } from "../../src/core/event.ts";
import type { Lane } from "../../src/engine/lane.ts";
import type { LoadedRule } from "../../src/rules/runtime.ts";
import { collect } from "../alerts/fixtures.ts";
import { loadedRule } from "../rules/fixtures.ts";
import {
  cloudTrail,
  Crash,
  createLane,
  Disk,
  diskStore,
  inputOf,
  linesOf,
  ListSource,
  remoteOutputs,
} from "./fixtures.ts";

/** Every event has an alert of its own, so that the order in which sources take turns makes no difference. */
const rule: LoadedRule = {
  ...loadedRule({ dedup: (fields) => fields["eventID"] }, { id: "Every", logTypes: ["AWS.CloudTrail"] }),
  rule: ({ fields }: Event) => fields["eventName"] === "Match",
};

const names = ["one", "two"];

interface Plan {
  /** Of each source, whether its events match. */
  readonly matches: readonly (readonly boolean[])[];
  readonly chunkRecords: number;
  /** Operations on the disk until each death. */
  readonly crashes: readonly number[];
  /** Commits between handing a delivery over and telling its end; 0: told at once. */
  readonly commitsToEnd: number;
  /** Commits from one command to the next, which retries everything that was given up; 0: there are none. */
  readonly commitsToRetry: number;
}

/** Whoever makes deliveries, some of which are refused. What it knows dies with the process. */
class Receiver {
  readonly #commitsToEnd: number;
  readonly #seen: Set<string>;
  #underWay: { readonly end: RemoteDeliveryEnd; commits: number }[] = [];

  constructor(commitsToEnd: number, seen: Set<string>) {
    this.#commitsToEnd = commitsToEnd;
    this.#seen = seen;
  }

  take(deliveries: readonly RemoteDelivery[]): void {
    for (const { key, destination, idempotencyKey, alert } of deliveries) {
      this.#seen.add(`${destination} ${idempotencyKey}`);
      const end: RemoteDeliveryEnd = isRefused(alert.dedup)
        ? { kind: "abandoned", key, attempts: 1, reason: "It was refused." }
        : { kind: "delivered", key, attempts: 1 };
      this.#underWay.push({ end, commits: this.#commitsToEnd });
    }
  }

  committed(): void {
    for (const each of this.#underWay) each.commits -= 1;
  }

  takeEnds(): readonly RemoteDeliveryEnd[] {
    const over = this.#underWay.filter(({ commits }) => commits <= 0);
    this.#underWay = this.#underWay.filter(({ commits }) => commits > 0);
    return over.map(({ end }) => end);
  }
}

function isRefused(eventId: string): boolean {
  return eventId.endsWith("3");
}

function recordsOf(source: number, matches: readonly boolean[]): readonly string[] {
  return matches.map((isMatch, n) =>
    cloudTrail(0, { eventName: isMatch ? "Match" : "Other", eventID: `${source}-${n}` }),
  );
}

/** One life of the lane, until its sources end or it dies. */
async function live(disk: Disk, plan: Plan, seen: Set<string>): Promise<void> {
  const { matches, chunkRecords, commitsToEnd, commitsToRetry } = plan;
  const receiver = new Receiver(commitsToEnd, seen);
  let lane: Lane | undefined;
  let retry = async (): Promise<void> => undefined;
  let commits = 0;
  const tellEnds = (): void => lane?.deliveriesEnded(receiver.takeEnds());
  const created = await createLane({
    records: [],
    rules: [rule],
    disk,
    parts: {
      inputs: matches.map((each, source) =>
        inputOf(new ListSource(recordsOf(source, each), chunkRecords, `${source}`)),
      ),
      inputOrder: "together",
      onCommit: () => {
        receiver.committed();
        tellEnds();
        commits += 1;
        if (commitsToRetry > 0 && commits % commitsToRetry === 0) void lane?.command(retry);
      },
    },
    partsOf: (store) => {
      const handOver = (deliveries: readonly RemoteDelivery[]): void => {
        receiver.take(deliveries);
        tellEnds();
      };
      const outputs = remoteOutputs(store, disk, { names, handOver });
      retry = async () => {
        for (const { key } of await collect(abandonedDeliveries(store))) await outputs.remote?.retry(key, 0);
      };
      return { outputs };
    },
  });
  lane = created.lane;
  await lane.run();
}

async function liveUnlessCrashed(disk: Disk, plan: Plan, seen: Set<string>): Promise<void> {
  try {
    await live(disk, plan, seen);
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
}

interface Left {
  readonly alerts: readonly unknown[];
  readonly seen: readonly string[];
  readonly waiting: number;
  readonly abandoned: readonly string[];
  readonly positions: readonly unknown[];
}

/** All lives of a plan, and then as many without a crash as it takes to make what is left. */
async function runThrough(plan: Plan): Promise<Left> {
  const disk = new Disk();
  const seen = new Set<string>();
  for (const stepsLeft of plan.crashes) {
    disk.stepsLeft = stepsLeft;
    await liveUnlessCrashed(disk, plan, seen);
  }
  disk.stepsLeft = Number.POSITIVE_INFINITY;
  const waiting = (): number => [...disk.entries.values()].filter(({ kind }) => kind === "outbox").length;
  for (let lives = 0; lives === 0 || (waiting() > 0 && lives < 10); lives++) {
    await live(disk, { ...plan, commitsToEnd: 0, commitsToRetry: 0 }, seen);
  }
  const abandoned = await collect(abandonedDeliveries(await diskStore(disk)));
  return {
    alerts: linesOf(disk, "alerts")
      .map(({ dedup, status }) => JSON.stringify([dedup, status]))
      .toSorted(),
    seen: [...seen].toSorted(),
    waiting: waiting(),
    abandoned: abandoned.map(({ destination, alert }) => `${destination} ${alert.dedup}`).toSorted(),
    positions: [...disk.positions.values()]
      .map(({ source, value }) => `${source} ${JSON.stringify(value)}`)
      .toSorted(),
  };
}

test("whatever dies whenever, each alert is raised once and told to each destination, and what is refused is kept once", async () => {
  const plans: fc.Arbitrary<Plan> = fc.record({
    matches: fc.array(fc.array(fc.boolean(), { maxLength: 60, size: "max" }), { minLength: 1, maxLength: 3 }),
    chunkRecords: fc.integer({ min: 1, max: 9 }),
    crashes: fc.array(fc.nat(25), { maxLength: 6 }),
    commitsToEnd: fc.nat(3),
    commitsToRetry: fc.nat(3),
  });
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const expected = await runThrough({ ...plan, crashes: [], commitsToRetry: 0 });
      expect(await runThrough(plan)).toEqual(expected);
      const alerts = plan.matches.flat().filter(Boolean).length;
      expect(expected).toMatchObject({
        alerts: { length: alerts },
        seen: { length: 2 * alerts },
        waiting: 0,
      });
    }),
    { numRuns: 300 },
  );
});
