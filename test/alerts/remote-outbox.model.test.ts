import * as fc from "fast-check";
import { expect, test } from "vitest";

import {
  abandonedDeliveries,
  type RemoteDelivery,
  type RemoteDeliveryEnd,
  RemoteOutbox,
  waitingDeliveries,
} from "../../src/alerts/remote-outbox.ts";
import { alert } from "../core/alert.fixture.ts";
import { collect, FakeStore, later, startMs } from "./fixtures.ts";

// In the order of their keys, which are made of hashes.
const names = ["b", "a"] as const;
type Name = (typeof names)[number];

/** What a delivery is known by whatever key it has: its alert's id, which begins with the destination. */
type Id = `${Name}${number}`;

const underWayMax = 64;

/** What happened and what should have. */
interface Compared {
  readonly actual: unknown;
  readonly expected: unknown;
}

/** What the outbox is to know, kept in the plainest way: what is committed, and what the next commit will do to it. */
class Model {
  /** What waits and what was given up as of the last commit: ids by key. */
  readonly waiting = new Map<string, Id>();
  readonly abandoned = new Map<string, Id>();
  /** Of this process: put in and not committed, handed over, ended, retried or dropped. */
  queued: Id[] = [];
  readonly handed = new Set<string>();
  readonly ended = new Map<string, RemoteDeliveryEnd["kind"]>();
  readonly decided = new Set<string>();
  readonly usedKeys = new Set<string>();
  /** Of all processes: what had to be made, and what was handed over. */
  readonly owed = new Set<Id>();
  readonly made = new Set<Id>();
  #count = 0;

  enqueue(name: Name): Id {
    const id: Id = `${name}${this.#count++}`;
    this.queued.push(id);
    return id;
  }

  forgetProcess(): void {
    this.queued = [];
    this.handed.clear();
    this.ended.clear();
    this.decided.clear();
  }

  /** `added`: deliveries that the commit brought. */
  commit(added: readonly RemoteDelivery[]): void {
    for (const [key, kind] of this.ended) {
      const id = this.waiting.get(key);
      this.waiting.delete(key);
      if (kind === "abandoned" && id !== undefined) this.abandoned.set(key, id);
    }
    for (const key of this.decided) this.abandoned.delete(key);
    for (const delivery of added) {
      this.usedKeys.add(delivery.key);
      this.waiting.set(delivery.key, idOf(delivery));
      this.owed.add(idOf(delivery));
    }
    this.queued = [];
    this.ended.clear();
    this.decided.clear();
  }

  waitingOf(name: Name): number {
    const committed = this.keysOf(name).filter((key) => !this.ended.has(key));
    return committed.length + this.queued.filter((id) => id.startsWith(name)).length;
  }

  /** Handed over by this process and not ended. */
  underWay(name: Name): readonly string[] {
    return this.keysOf(name).filter((key) => this.handed.has(key) && !this.ended.has(key));
  }

  /** What has to be handed over now, in order. */
  due(name: Name): readonly string[] {
    const room = Math.max(0, underWayMax - this.underWay(name).length);
    return this.keysOf(name)
      .filter((key) => !this.handed.has(key))
      .slice(0, room);
  }

  keysOf(name: Name): readonly string[] {
    const own = [...this.waiting].filter(([, id]) => id.startsWith(name));
    return own.map(([key]) => key).toSorted();
  }
}

function idOf({ alert: { id } }: RemoteDelivery): Id {
  return id as Id;
}

/** The outbox and its model, side by side. */
class Trial {
  readonly model: Model = new Model();
  readonly #store = new FakeStore();
  #outbox: RemoteOutbox = this.#create();

  #create(): RemoteOutbox {
    return new RemoteOutbox(later(this.#store), names);
  }

  enqueue(name: Name, count: number): void {
    for (let n = 0; n < count; n++) {
      this.#outbox.enqueue(name, alert({ id: this.model.enqueue(name) }), startMs);
    }
  }

  async crash(): Promise<void> {
    this.model.forgetProcess();
    this.#outbox = this.#create();
    await this.#outbox.load(startMs);
  }

  async commit(): Promise<Compared> {
    const { model } = this;
    this.#store.commit(this.#outbox.takeWrites());
    const stored = await collect(waitingDeliveries(this.#store));
    const abandoned = await collect(abandonedDeliveries(this.#store));
    const added = stored.filter(({ key }) => !model.waiting.has(key));
    const repeated = added.filter(({ key }) => model.usedKeys.has(key)).length;
    const queued = model.queued.toSorted();
    model.commit(added);
    return {
      actual: {
        added: added.map(idOf).toSorted(),
        repeated,
        waiting: stored.map(({ key }) => key),
        abandoned: abandoned.map(({ key }) => key),
      },
      expected: {
        added: queued,
        repeated: 0,
        waiting: [...model.waiting.keys()].toSorted(),
        abandoned: [...model.abandoned.keys()].toSorted(),
      },
    };
  }

  async handOver(): Promise<Compared> {
    const { model } = this;
    const due = names.flatMap((name) => model.due(name));
    const expected = due.map((key) => `${key} ${model.waiting.get(key)}`);
    const handed = await this.#outbox.handOver();
    for (const delivery of handed) {
      model.handed.add(delivery.key);
      model.made.add(idOf(delivery));
    }
    return { actual: handed.map((delivery) => `${delivery.key} ${idOf(delivery)}`), expected };
  }

  /** Tells an end, whether or not this process has handed the delivery over and was told already. */
  async end(key: string, kind: RemoteDeliveryEnd["kind"]): Promise<Compared> {
    const { model } = this;
    const counts = model.handed.has(key) && !model.ended.has(key);
    if (counts) model.ended.set(key, kind);
    const end = { kind, key, attempts: 1, reason: "It was refused." };
    return { actual: await this.#outbox.ended(end, startMs), expected: counts };
  }

  async decide(action: "retry" | "drop", key: string): Promise<Compared> {
    const { model } = this;
    const id = model.decided.has(key) ? undefined : model.abandoned.get(key);
    if (id !== undefined) {
      model.decided.add(key);
      if (action === "retry") model.queued.push(id);
    }
    const problem =
      action === "retry" ? await this.#outbox.retry(key, startMs) : await this.#outbox.drop(key);
    return { actual: problem === undefined, expected: id !== undefined };
  }

  waiting(): Compared {
    const expected = Object.fromEntries(names.map((name) => [name, this.model.waitingOf(name)]));
    return { actual: this.#outbox.waiting, expected };
  }

  /** Delivers everything that is left; then all that was ever committed has been handed over. */
  async drain(): Promise<Compared> {
    const { model } = this;
    await this.commit();
    for (let rounds = 0; model.waiting.size > 0 && rounds < 100; rounds++) {
      await this.handOver();
      for (const key of model.waiting.keys()) await this.end(key, "delivered");
      await this.commit();
    }
    return {
      actual: { left: [...model.waiting.values()], made: [...model.made].toSorted() },
      expected: { left: [], made: [...model.owed].toSorted() },
    };
  }
}

type Action =
  | { readonly type: "enqueue"; readonly name: Name; readonly count: number }
  | { readonly type: "commit" | "handOver" | "crash" }
  | { readonly type: "end"; readonly kind: RemoteDeliveryEnd["kind"]; readonly pick: number }
  | { readonly type: "retry" | "drop"; readonly pick: number };

const pick = fc.nat(200);
const actions = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant("enqueue" as const),
        name: fc.constantFrom(...names),
        count: fc.nat(40),
      }),
    },
    { weight: 6, arbitrary: fc.record({ type: fc.constantFrom("commit" as const, "handOver" as const) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("crash" as const) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant("end" as const),
        kind: fc.constantFrom("delivered" as const, "abandoned" as const),
        pick,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ type: fc.constantFrom("retry" as const, "drop" as const), pick }),
    },
  ),
  { maxLength: 80, size: "max" },
);

/** One of the keys, or one that does not exist. */
function picked(keys: Iterable<string>, number: number): string {
  const all = [...keys, "never-there"];
  return all[number % all.length] ?? "";
}

async function act(trial: Trial, action: Action): Promise<Compared | void> {
  const { waiting, abandoned } = trial.model;
  if (action.type === "enqueue") return trial.enqueue(action.name, action.count);
  if (action.type === "end") return await trial.end(picked(waiting.keys(), action.pick), action.kind);
  if ("pick" in action) return await trial.decide(action.type, picked(abandoned.keys(), action.pick));
  return await trial[action.type]();
}

test("whatever happens in whatever order, a committed delivery is handed over until its end is committed", async () => {
  await fc.assert(
    fc.asyncProperty(actions, async (each) => {
      const trial = new Trial();
      for (const action of each) {
        const compared = await act(trial, action);
        expect(compared?.actual).toEqual(compared?.expected);
        const waiting = trial.waiting();
        expect(waiting.actual).toEqual(waiting.expected);
      }
      const drained = await trial.drain();
      expect(drained.actual).toEqual(drained.expected);
    }),
    { numRuns: 150 },
  );
});
