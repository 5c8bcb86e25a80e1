import { argumentTests } from "./arguments.ts";
import { columnTests } from "./columns.ts";
import { commitTests, durabilityTests } from "./commits.ts";
import { lifetimeTests } from "./lifetimes.ts";
import { listingTests } from "./listings.ts";
import { pantherTests } from "./panther.ts";
import { type ConformanceTarget, declareTests } from "./trial.ts";

/**
 * Declares the tests that every store must pass: what docs/state.md promises, seen through the helpers that rules call, and
 * the rest of the contract in `StateStore`. It throws plain assertion errors, so any test framework will do:
 *
 * ```ts
 * storeConformance({ describe, test, createStore: (limits) => openMyStore({ limits }), reopen: … });
 * ```
 */
export function storeConformance(target: ConformanceTarget): void {
  const test = declareTests(target);
  target.describe("lifetimes", () => lifetimeTests(test));
  target.describe("columns", () => columnTests(test));
  target.describe("what Panther does otherwise", () => pantherTests(test));
  target.describe("refused arguments", () => argumentTests(test));
  target.describe("listing, putting and deleting", () => listingTests(test));
  target.describe("commits", () => commitTests(test));
  if (target.reopen !== undefined) target.describe("durability", () => durabilityTests(test));
}
