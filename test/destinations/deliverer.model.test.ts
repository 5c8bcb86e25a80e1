import * as fc from "fast-check";
import { expect, test } from "vitest";

import type { DeliveryPolicy } from "../../src/destinations/deliverer.ts";
import { alert } from "../core/alert.fixture.ts";
import { queued, setup, type Setup } from "./deliverer-fixtures.ts";
import { failed, type Script, type Step } from "./scripted-destination.ts";

const policies: fc.Arbitrary<DeliveryPolicy> = fc.record({
  concurrencyMax: fc.integer({ min: 1, max: 4 }),
  perSecondMax: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
  delayMs: fc.integer({ min: 10, max: 500 }),
  delayMaxMs: fc.integer({ min: 10, max: 3000 }),
  giveUpMs: fc.integer({ min: 100, max: 10_000 }),
  breakAfter: fc.integer({ min: 1, max: 5 }),
});

const scripts: fc.Arbitrary<Script> = fc.record({
  takesMs: fc.integer({ min: 0, max: 300 }),
  outcome: fc.oneof(
    { arbitrary: fc.constant({ kind: "delivered" as const }), weight: 3 },
    {
      arbitrary: fc.record({
        kind: fc.constant("failed" as const),
        reason: fc.constant("The receiver answered 500."),
        retryAfterMs: fc.option(fc.integer({ min: 0, max: 5000 }), { nil: undefined }),
      }),
      weight: 3,
    },
    fc.constant({ kind: "refused" as const, reason: "The receiver answered 400." }),
  ),
});

/** What happens from outside, each after a pause. */
const actions = fc.array(
  fc.record({
    pauseMs: fc.integer({ min: 0, max: 200 }),
    kind: fc.constantFrom("submit", "submit", "submit", "again", "acknowledge"),
    // Few alerts, so that some have several deliveries.
    alertNumber: fc.integer({ min: 0, max: 20 }),
  }),
  { maxLength: 30 },
);

interface Run extends Setup {
  /** Keys in order of submission, with their idempotency keys. */
  readonly submitted: ReadonlyMap<string, string>;
}

const worlds = fc.record({
  policy: policies,
  outcomes: fc.array(scripts, { minLength: 1, maxLength: 20 }),
  chances: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 10 }),
  actions,
});

type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

/** Lets everything happen that a world holds, and then time pass until nothing can happen any more. */
async function run({ policy, outcomes, chances, actions }: World): Promise<Run> {
  let attempts = 0;
  let asked = 0;
  const parts = setup({
    ...policy,
    script: () => outcomes[attempts++ % outcomes.length] ?? failed(),
    chance: () => chances[asked++ % chances.length] ?? 0,
  });
  const submitted = new Map<string, string>();
  for (const [n, { pauseMs, kind, alertNumber }] of actions.entries()) {
    await parts.time.advance(pauseMs);
    const [oldest] = submitted.keys();
    if (kind === "submit") {
      const delivery = queued({
        key: `k${n}`,
        alert: alert({ id: `a${alertNumber}` }),
        idempotencyKey: `a${alertNumber}-${n}`,
        queuedAtMs: parts.time.clock.nowMs(),
      });
      submitted.set(delivery.key, delivery.idempotencyKey);
      parts.deliverer.submit(delivery);
    } else if (kind === "again" && oldest !== undefined) {
      parts.deliverer.submit(queued({ key: oldest, idempotencyKey: submitted.get(oldest) ?? "" }));
    } else if (oldest !== undefined && parts.ends.length === 0) {
      parts.deliverer.acknowledge(oldest);
    }
  }
  await parts.time.advance(policy.giveUpMs + 10_000);
  return { ...parts, submitted };
}

async function forAll(check: (world: World, run: Run) => void): Promise<void> {
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => check(world, await run(world))),
    { numRuns: 150 },
  );
}

test("every delivery ends, and with one end however often that is told", async () => {
  await forAll((_, { submitted, ends, time }) => {
    const told = new Map(ends.map((end) => [end.key, end]));
    expect(new Set(told.keys())).toEqual(new Set(submitted.keys()));
    for (const end of ends) expect(end).toEqual(told.get(end.key));
    expect(time.pending).toBe(0);
  });
});

test("a delivery is sent until it arrives or is refused, and never again", async () => {
  await forAll((_, { submitted, ends, destination }) => {
    for (const [key, idempotencyKey] of submitted) {
      const outcomes = destination.steps
        .filter((step) => step.kind === "end" && step.idempotencyKey === idempotencyKey)
        .map(({ outcome }) => outcome?.kind);
      const end = ends.find((candidate) => candidate.key === key);
      expect(end?.attempts).toBe(outcomes.length);
      expect(outcomes.slice(0, -1).every((outcome) => outcome === "failed")).toBe(true);
      expect(end?.kind).toBe(outcomes.at(-1) === "delivered" ? "delivered" : "abandoned");
    }
  });
});

test("never more attempts at a time than allowed, and never faster than allowed", async () => {
  await forAll(({ policy }, { destination }) => {
    expect(destination.underWayMost).toBeLessThanOrEqual(policy.concurrencyMax);
    const begins = destination.begins();
    const spacingMs = policy.perSecondMax === undefined ? 0 : 1000 / policy.perSecondMax;
    for (const [n, atMs] of begins.slice(1).entries()) {
      expect(atMs - (begins[n] ?? 0)).toBeGreaterThanOrEqual(spacingMs - 1e-6);
    }
  });
});

test("nothing begins while the receiver asks to be left alone, nor after a delivery's time is over", async () => {
  await forAll(({ policy, actions }, { destination, submitted }) => {
    expect(beginsWithinHold(destination.steps, policy)).toEqual([]);
    let queuedAtMs = 0;
    for (const [n, { pauseMs }] of actions.entries()) {
      queuedAtMs += pauseMs;
      const begins = destination.begins(submitted.get(`k${n}`) ?? "none");
      for (const atMs of begins) expect(atMs).toBeLessThanOrEqual(queuedAtMs + policy.giveUpMs);
    }
  });
});

function beginsWithinHold(steps: readonly Step[], { giveUpMs }: DeliveryPolicy): readonly Step[] {
  let holdMs = 0;
  return steps.filter(({ kind, atMs, outcome }) => {
    if (kind === "begin") return atMs < holdMs;
    if (outcome?.kind === "failed") {
      holdMs = Math.max(holdMs, atMs + Math.min(outcome.retryAfterMs ?? 0, giveUpMs));
    }
    return false;
  });
}

test("deliveries begin in order of submission, and those of one alert follow each other", async () => {
  await forAll((_, { destination, submitted }) => {
    const underWay = new Map<string, string>();
    const started: string[] = [];
    for (const { kind, idempotencyKey } of destination.steps) {
      const [alertId = ""] = idempotencyKey.split("-");
      if (kind === "end") {
        underWay.delete(alertId);
        continue;
      }
      expect(underWay.has(alertId)).toBe(false);
      underWay.set(alertId, idempotencyKey);
      if (!started.includes(idempotencyKey)) started.push(idempotencyKey);
    }
    const order = [...submitted.values()];
    for (const alertId of new Set(order.map((key) => key.split("-")[0]))) {
      const mine = (key: string): boolean => key.split("-")[0] === alertId;
      const begun = order.filter((key) => started.includes(key));
      expect(started.filter(mine)).toEqual(begun.filter(mine));
    }
    // Only what waits for an earlier delivery of its alert is overtaken.
    const first = order.filter((key, n) => order.findIndex((other) => sameAlert(other, key)) === n);
    expect(started.filter((key) => first.includes(key))).toEqual(
      first.filter((key) => started.includes(key)),
    );
  });
});

function sameAlert(one: string, other: string): boolean {
  return one.split("-")[0] === other.split("-")[0];
}

test("after so many failures in a row there is one attempt at a time, with a delay between them", async () => {
  await forAll(({ policy }, { destination }) => {
    expect(beginsThroughCircuit(destination.steps, policy)).toEqual([]);
  });
});

/** Attempts that an open circuit should have kept back. */
function beginsThroughCircuit(
  steps: readonly Step[],
  { breakAfter, delayMs }: DeliveryPolicy,
): readonly Step[] {
  let failures = 0;
  let openedMs = 0;
  let probe: string | undefined;
  return steps.filter(({ kind, atMs, idempotencyKey, outcome }) => {
    const open = failures >= breakAfter;
    if (kind === "begin") {
      if (!open) return false;
      const early = probe !== undefined || atMs < openedMs + delayMs;
      probe = idempotencyKey;
      return early;
    }
    if (outcome?.kind !== "failed") failures = 0;
    else if (open && idempotencyKey !== probe) return false;
    else {
      failures += 1;
      openedMs = atMs;
    }
    probe = undefined;
    return false;
  });
}

test("a broken destination gets a bounded number of attempts, however many deliveries wait", async () => {
  await fc.assert(
    fc.asyncProperty(policies, fc.integer({ min: 1, max: 200 }), async (policy, count) => {
      const { deliverer, time, ends, destination } = setup({ ...policy, script: () => failed() });
      for (let n = 0; n < count; n += 1) deliverer.submit(queued({ key: `k${n}` }));
      await time.advance(policy.giveUpMs + 1000);
      expect(ends).toHaveLength(count);
      const probes = policy.giveUpMs / policy.delayMs + 1;
      expect(destination.begins().length).toBeLessThanOrEqual(
        policy.breakAfter + policy.concurrencyMax + probes,
      );
    }),
    { numRuns: 50 },
  );
});
