import { PassThrough } from "node:stream";

import { describe, expect, onTestFinished, test } from "vitest";

import type { CommandIo } from "../../src/cli/io.ts";
import { main } from "../../src/cli/program.ts";
import { later, ruleStatus, serviceStatus } from "../service/admin/status-fixtures.ts";
import { wallMs } from "./fixtures.ts";
import { startService, type StartedService } from "./service-fixtures.ts";

describe("top --once", () => {
  test("prints one frame of two looks as text", async () => {
    const { run, service } = await startService();
    service.statuses = [serviceStatus(), later(1, 500)];
    const { status, stdout, stderr } = await run("top --once --interval 1ms");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("\n500 events/s  500.0 kB/s");
    expect(stdout).not.toContain("\u001b");
    expect(stdout).not.toContain("q quit");
  });

  test("shows every rule, in the order that is asked for", async () => {
    const { run, service } = await startService();
    const rules = Array.from({ length: 100 }, (_, index) =>
      ruleStatus({ id: `rule.${index}`, alerts: index }),
    );
    service.statuses = [serviceStatus({ rules })];
    const { stdout } = await run("top --once --interval 1ms --sort alerts");
    expect(stdout.match(/^rule\.\d+/gm)).toEqual(rules.map(({ id }) => id).toReversed());
  });

  test.each(["0", "x", "2h"])("refuses an interval of %s", async (interval) => {
    const { run } = await startService();
    expect((await run(`top --once --interval ${interval}`)).status).toBe(2);
  });
});

test("top needs a terminal", async () => {
  const { run } = await startService();
  const { status, stderr } = await run("top");
  expect(status).toBe(2);
  expect(stderr).toContain("--once");
});

interface Watched {
  readonly press: (keys: string) => void;
  readonly resize: (columns: number, rows: number) => void;
  /** Resolves with what is on the screen once it fits. */
  readonly shows: (pattern: RegExp) => Promise<string>;
  readonly ended: Promise<number>;
  readonly everything: () => string;
  readonly rawModes: readonly boolean[];
  readonly stderr: () => string;
}

/** `stakeout top` on a terminal that a test looks at. */
function watch(started: StartedService, words: string = "--interval 1ms"): Watched {
  const rawModes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (on: boolean) => void rawModes.push(on),
  });
  const stdout = Object.assign(new PassThrough(), {
    isTTY: true,
    columns: 80,
    rows: 24,
    getColorDepth: () => 1,
    hasColors: () => false,
  });
  const stderr = new PassThrough();
  let everything = "";
  let notify: () => void = () => undefined;
  stdout.on("data", (chunk: Buffer) => {
    everything += chunk.toString();
    notify();
  });
  const io: CommandIo = { stdin, stdout, stderr, clock: { nowMs: () => wallMs, monotonicMs: () => 0 } };
  const place = ["--url", started.url, "--token-file", started.tokenFile];
  const ended = main(["top", ...words.split(" "), ...place], io);
  onTestFinished(async () => {
    stdin.write("q");
    await ended;
  });
  const screen = (): string => everything.slice(everything.lastIndexOf("\u001b[H"));
  const shows = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(screen())) {
      const { promise, resolve } = Promise.withResolvers<void>();
      notify = resolve;
      await promise;
    }
    return screen();
  };
  return {
    press: (keys) => void stdin.write(keys),
    resize: (columns, rows) => {
      Object.assign(stdout, { columns, rows });
      stdout.emit("resize");
    },
    shows,
    ended,
    everything: () => everything,
    rawModes,
    stderr: () => String(stderr.read() ?? ""),
  };
}

describe("top on a terminal", () => {
  test.each(["q", "Q", "\u0003", "\u0004"])(
    "ends with the key %j and leaves the terminal as it was",
    async (key) => {
      const top = watch(await startService());
      await top.shows(/q quit/);
      top.press(key);
      expect(await top.ended).toBe(0);
      expect(top.everything().startsWith("\u001b[?1049h\u001b[?25l")).toBe(true);
      expect(top.everything().endsWith("\u001b[?25h\u001b[?1049l")).toBe(true);
      expect(top.rawModes).toEqual([true, false]);
    },
  );

  test("ends with a signal", async () => {
    const top = watch(await startService());
    await top.shows(/q quit/);
    process.emit("SIGTERM");
    expect(await top.ended).toBe(0);
    expect(top.rawModes).toEqual([true, false]);
    expect(process.listenerCount("SIGHUP")).toBe(0);
  });

  test("goes on looking", async () => {
    const started = await startService();
    started.service.statuses = [serviceStatus(), later(1, 100), later(2, 300)];
    const top = watch(started);
    expect(await top.shows(/total 120,300 events/)).toContain("150 events/s");
  });

  test("sorts by the next column with s", async () => {
    const top = watch(await startService(), "--interval 1h");
    await top.shows(/sort: time/);
    top.press("s");
    expect(await top.shows(/sort: alerts/)).toContain("ALERTS*");
    top.press("sss");
    await top.shows(/sort: time/);
  });

  test("keeps still while it is paused", async () => {
    const started = await startService();
    const top = watch(started);
    await top.shows(/running/);
    top.press("p");
    await top.shows(/PAUSED.*p go on/s);
    started.service.statuses = [later(60, 7)];
    top.press("s");
    expect(await top.shows(/sort: alerts/)).toContain("total 120,000 events");
    top.press("p");
    expect(await top.shows(/total 120,007 events/)).toContain("running");
  });

  test("follows the size of the terminal", async () => {
    const top = watch(await startService(), "--interval 1h");
    await top.shows(/q quit/);
    top.resize(120, 40);
    const wide = await top.shows(/ {50}12:00:00Z/);
    expect(wide.split("\r\n")[0]?.replace("\u001b[H", "").replace("\u001b[K", "")).toHaveLength(120);
  });

  test("shows no colours where the terminal has none", async () => {
    const top = watch(await startService(), "--interval 1h");
    // oxlint-disable-next-line eslint/no-control-regex -- these are what it looks for
    expect(await top.shows(/q quit/)).not.toMatch(/\u001b\[\d+m/);
  });

  test("says that the service is gone, and goes on when it is back", async () => {
    const started = await startService();
    const top = watch(started);
    await top.shows(/running/);
    const { statuses } = started.service;
    started.service.status = () => {
      throw new Error("odd");
    };
    await top.shows(/The service at .* refused/);
    started.service.status = () => statuses[0] ?? serviceStatus();
    const screen = await top.shows(/running(?!.*refused)/s);
    expect(screen).not.toContain("refused:");
  });

  test("does not take the terminal when the service cannot be reached at first", async () => {
    const started = await startService();
    const top = watch({ ...started, url: "http://127.0.0.1:1" });
    expect(await top.ended).toBe(1);
    expect(top.everything()).toBe("");
    expect(top.stderr()).toContain("Cannot reach the service");
  });
});
