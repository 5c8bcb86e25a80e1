import { describe, expect, test } from "vitest";

import type { JsonObject } from "../../src/core/json.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { cloudTrail, createLane, Disk, linesOf } from "../engine/fixtures.ts";
import { loadedRule } from "../rules/fixtures.ts";

const wholeRunInOneBatch = { latencyMs: 1e9, bytesMax: 1e9 };

describe("outboxDeliveriesMax", () => {
  test("commits and delivers before the next event, and loses nothing", async () => {
    const titled = { title: ({ eventName }: JsonObject): unknown => eventName };
    const rules = [loadedRule(titled, { logTypes: ["AWS.CloudTrail"] })];
    const records = Array.from({ length: 6 }, (_, second) =>
      cloudTrail(second, { eventName: `Call${second}` }),
    );
    const waitingAtMost = async (outboxDeliveriesMax: number): Promise<number> => {
      const disk = new Disk();
      let most = 0;
      const { lane } = await createLane({
        records,
        rules,
        disk,
        chunkRecords: 1,
        parts: {
          batch: wholeRunInOneBatch,
          limits: { ...defaultLimits, outboxDeliveriesMax },
          onCommit: () => {
            const waiting = [...disk.entries.values()].filter(({ kind }) => kind === "outbox");
            most = Math.max(most, waiting.length);
          },
        },
      });
      await lane.run();
      expect(disk.delivered.map(({ alert }) => alert.title)).toEqual(records.map((_, n) => `Call${n}`));
      return most;
    };
    expect(await waitingAtMost(100)).toBe(6);
    expect(await waitingAtMost(2)).toBe(2);
  });
});

describe("deadLettersFileBytesMax", () => {
  const records = Array.from({ length: 5 }, () => "broken {");

  test("counts what does not fit, and says so once", async () => {
    const whole = new Disk();
    await (await createLane({ records, rules: [], disk: whole })).lane.run();
    const bytes = (whole.files.get("dead-letters") ?? "").length;
    const disk = new Disk();
    const warnings: string[] = [];
    const limits = { ...defaultLimits, deadLettersFileBytesMax: Math.ceil(bytes / 2) };
    const parts = { limits, warn: (message: string) => void warnings.push(message) };
    const { lane, control } = await createLane({ records, rules: [], disk, chunkRecords: 2, parts });
    const { limits: reached } = await lane.run();
    expect(linesOf(disk, "dead-letters")).toHaveLength(2);
    expect(control.read().deadLetters).toBe(5);
    expect(reached).toEqual({ deadLettersFileBytesMax: 3 });
    expect(warnings).toEqual([expect.stringMatching(/dead-letters has no room .*deadLettersFileBytesMax/)]);
  });

  test("makes no difference where it is reached exactly", async () => {
    const disk = new Disk();
    await (await createLane({ records, rules: [], disk })).lane.run();
    const bytes = (disk.files.get("dead-letters") ?? "").length;
    const limits = { ...defaultLimits, deadLettersFileBytesMax: bytes };
    const again = new Disk();
    const { lane } = await createLane({ records, rules: [], disk: again, parts: { limits } });
    expect((await lane.run()).limits).toEqual({});
    expect(again.files.get("dead-letters")).toBe(disk.files.get("dead-letters"));
  });
});
