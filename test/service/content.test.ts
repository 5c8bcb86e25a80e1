import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import type { Problem } from "../../src/core/errors.ts";
import type { Standby } from "../../src/engine/supervisor.ts";
import { Content, type ContentHost } from "../../src/service/content.ts";
import type { PreparedContent } from "../../src/service/lane-keeper.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { collectedLog } from "./admin/fixtures.ts";

const startMs = Date.UTC(2026, 0, 1);

interface Fixture {
  readonly content: Content;
  /** What the host was asked, in order; threads that wait have numbers. */
  readonly calls: string[];
  readonly clock: ReturnType<typeof manualClock>;
  readonly log: () => string;
  /** Changes the content. */
  readonly write: (text: string) => void;
}

interface Answers extends Partial<Pick<ContentHost, "test" | "swap">> {
  /** What comes of loading: called each time; left out, content that is whole. */
  readonly load?: (
    write: Fixture["write"],
    attempt: number,
  ) => PreparedContent["kind"] | Promise<PreparedContent["kind"]>;
}

const problem: Problem = { file: "/rules/a.ts", line: 3, message: "is broken" };

function createContent({ load = () => "standby", ...answers }: Answers = {}): Fixture {
  const folder = mkdtempSync(join(tmpdir(), "stakeout-content-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (text: string): void => writeFileSync(join(folder, "rule.ts"), text);
  write("first");
  const calls: string[] = [];
  const clock = manualClock(startMs);
  const { log, text } = collectedLog();
  let loads = 0;
  const standbys = new Map<Standby, number>();
  const content = new Content({
    paths: [folder],
    log,
    clock,
    prepare: async () => {
      const number = ++loads;
      calls.push(`load ${number}`);
      const kind = await load(write, number);
      if (kind === "invalid") return { kind, problems: [problem] };
      if (kind === "started") return { kind };
      const standby = {} as Standby;
      standbys.set(standby, number);
      return { kind, standby };
    },
    discard: async (standby) => void calls.push(`discard ${standbys.get(standby)}`),
    ...answers,
    swap: async (standby) => {
      calls.push(`swap ${standbys.get(standby)}`);
      await answers.swap?.(standby);
    },
  });
  return { content, calls, clock, log: text, write };
}

describe("content that is whole", () => {
  test("takes over, and the status says so", async () => {
    const { content, calls, clock, write } = createContent();
    const before = content.status();
    expect(before).toMatchObject({ loadedAtMs: startMs, reloads: 0, refusedReloads: 0 });
    write("second");
    clock.advance(1000);
    expect(await content.reload()).toEqual({ ok: true, problems: [] });
    expect(calls).toEqual(["load 1", "swap 1"]);
    const after = content.status();
    expect(after).toMatchObject({ loadedAtMs: startMs + 1000, reloads: 1, refusedReloads: 0 });
    expect(after.hash).not.toBe(before.hash);
  });

  test("is tested before it takes over", async () => {
    const order: string[] = [];
    const { content } = createContent({
      test: async () => (order.push("tested"), []),
      swap: async () => void order.push("swapped"),
    });
    await content.reload();
    expect(order).toEqual(["tested", "swapped"]);
  });

  test("takes over where no lane ran, because it was started with it", async () => {
    const { content, calls } = createContent({ load: () => "started" });
    expect(await content.reload()).toMatchObject({ ok: true });
    expect(calls).toEqual(["load 1"]);
    expect(content.status().reloads).toBe(1);
  });
});

describe("content that is refused", () => {
  test("is named with its problems, and the old hash stays", async () => {
    const { content, calls, clock, write, log } = createContent({ load: () => "invalid" });
    const { hash } = content.status();
    write("second");
    clock.advance(5);
    expect(await content.reload()).toEqual({ ok: false, problems: [problem] });
    expect(calls).toEqual(["load 1"]);
    expect(content.status()).toEqual({
      hash,
      loadedAtMs: startMs,
      reloads: 0,
      refusedReloads: 1,
      refused: { atMs: startMs + 5, problems: [problem] },
    });
    expect(log()).toMatch(/refused.*\/rules\/a\.ts:3: is broken/);
  });

  test("because a test fails is not put to use, and its thread is ended", async () => {
    const { content, calls } = createContent({ test: async () => [problem] });
    expect(await content.reload()).toEqual({ ok: false, problems: [problem] });
    expect(calls).toEqual(["load 1", "discard 1"]);
  });

  test.each([
    ["throws", () => Promise.reject(new Error("no process"))],
    [
      "throws at once",
      (): never => {
        throw new Error("no process");
      },
    ],
  ])("because running its tests %s leaves no thread behind", async (_, runTests) => {
    const { content, calls } = createContent({ test: runTests });
    expect(await content.reload()).toMatchObject({ ok: false, problems: [{ message: "no process" }] });
    expect(calls).toEqual(["load 1", "discard 1"]);
  });

  test("because loading throws is a problem without a file", async () => {
    const { content } = createContent({ load: () => Promise.reject(new Error("no memory")) });
    expect(await content.reload()).toEqual({
      ok: false,
      problems: [{ file: "", line: 0, message: "no memory" }],
    });
  });

  test("because the swap fails leaves the old", async () => {
    const { content } = createContent({ swap: () => Promise.reject(new Error("The lane was stopped.")) });
    const { hash } = content.status();
    expect(await content.reload()).toMatchObject({
      ok: false,
      problems: [{ message: "The lane was stopped." }],
    });
    expect(content.status()).toMatchObject({ hash, reloads: 0, refusedReloads: 1 });
  });

  test("is forgotten once other content has taken over", async () => {
    const { content } = createContent({ load: (_, attempt) => (attempt === 1 ? "invalid" : "standby") });
    await content.reload();
    await content.reload();
    expect(content.status()).not.toHaveProperty("refused");
    expect(content.status()).toMatchObject({ reloads: 1, refusedReloads: 1 });
  });

  test("when a lane had to begin anew says that none runs", () => {
    const { content, log } = createContent();
    content.broken([problem]);
    expect(content.status()).toMatchObject({ refusedReloads: 1, refused: { problems: [problem] } });
    expect(log()).toMatch(/\/rules\/a\.ts:3: is broken/);
    expect(log()).not.toMatch(/the old goes on/);
  });
});

describe("files that change while they are loaded", () => {
  test("are loaded again, and what was loaded before is ended", async () => {
    const { content, calls } = createContent({
      load: (write, attempt) => {
        if (attempt < 3) write(`changed ${attempt}`);
        return "standby";
      },
    });
    expect(await content.reload()).toMatchObject({ ok: true });
    expect(calls).toEqual(["load 1", "discard 1", "load 2", "discard 2", "load 3", "swap 3"]);
  });

  test("while their tests run are tested again", async () => {
    let tests = 0;
    const fixture = createContent({
      test: async () => {
        tests += 1;
        if (tests === 1) fixture.write("changed");
        return [];
      },
    });
    await fixture.content.reload();
    expect(tests).toBe(2);
  });

  test("and were broken meanwhile are not refused for that", async () => {
    const { content, calls } = createContent({
      load: (write, attempt) => {
        if (attempt > 1) return "standby";
        write("whole again");
        return "invalid";
      },
    });
    expect(await content.reload()).toMatchObject({ ok: true });
    expect(calls).toEqual(["load 1", "load 2", "swap 2"]);
  });

  test("without end are taken as they are after five times", async () => {
    const { content, calls } = createContent({
      load: (write, attempt) => {
        write(`changed ${attempt}`);
        return "standby";
      },
    });
    expect(await content.reload()).toMatchObject({ ok: true });
    expect(calls.filter((call) => call.startsWith("load"))).toHaveLength(5);
    expect(calls.at(-1)).toBe("swap 5");
    expect(calls.filter((call) => call.startsWith("discard"))).toHaveLength(4);
  });
});

describe("a reload while one is under way", () => {
  /** Content whose loads wait until the test lets them go on. */
  function held(): Fixture & { readonly go: () => void; readonly loadsUnderWay: () => number } {
    const gates: PromiseWithResolvers<"standby">[] = [];
    const fixture = createContent({
      load: () => {
        const gate = Promise.withResolvers<"standby">();
        gates.push(gate);
        return gate.promise;
      },
    });
    return { ...fixture, go: () => gates.shift()?.resolve("standby"), loadsUnderWay: () => gates.length };
  }

  test("is done once after it, however many ask", async () => {
    const { content, calls, go } = held();
    const first = content.reload();
    const others = [content.reload(), content.reload(), content.reload()];
    go();
    await first;
    expect(calls).toEqual(["load 1", "swap 1", "load 2"]);
    go();
    await Promise.all(others);
    expect(calls).toEqual(["load 1", "swap 1", "load 2", "swap 2"]);
    expect(content.status().reloads).toBe(2);
  });

  test("is never done at the same time, also when one is asked for just as another ends", async () => {
    const { content, go, loadsUnderWay } = held();
    const most: number[] = [];
    const first = content.reload().then(() => {
      const third = content.reload();
      most.push(loadsUnderWay());
      return third;
    });
    const second = content.reload();
    go();
    await Promise.resolve();
    while (loadsUnderWay() === 0) await Promise.resolve();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    most.push(loadsUnderWay());
    expect(Math.max(...most)).toBe(1);
    while (loadsUnderWay() > 0) {
      go();
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    }
    await Promise.all([first, second]);
  });

  test("after one that was refused is done all the same", async () => {
    const { content, calls } = createContent({
      load: async (_, attempt) => (attempt === 1 ? "invalid" : "standby"),
    });
    const results = await Promise.all([content.reload(), content.reload()]);
    expect(results.map(({ ok }) => ok)).toEqual([false, true]);
    expect(calls).toEqual(["load 1", "load 2", "swap 2"]);
  });
});
