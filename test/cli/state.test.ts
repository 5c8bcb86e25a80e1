import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, describe, expect, test } from "vitest";

import { openState } from "../../src/config/open-state.ts";
import { NEVER, type Item } from "../../src/state/store.ts";
import { cli, tempFolder, type CliOptions, type CliResult } from "./fixtures.ts";

/** Where the engine clock of the state stands: an hour before the wall clock. */
const engineMs = Date.UTC(2026, 2, 2, 11);
const hour = 3_600_000;

let file = "";
beforeEach(() => {
  file = join(tempFolder(), "state.db");
});

function item(key: string, parts: Partial<Item> = {}): Item {
  return { key, count: undefined, strings: undefined, dictionary: undefined, expiresAtMs: NEVER, ...parts };
}

/** Fills the state file as a run would have. */
async function fill(...items: readonly Item[]): Promise<void> {
  const store = openState(file);
  for (const each of items) await store.putItem(each);
  await store.commit({ clockMs: engineMs, positions: [], entries: [] });
  await store.close();
}

function state(command: string, args: readonly string[] = [], options: CliOptions = {}): Promise<CliResult> {
  return cli(["state", command, ...args, "--state", file], options);
}

describe("state list", () => {
  test("shows what is under each key, and when it ends by the engine clock", async () => {
    await fill(
      item("b", { strings: ["x", "y"], expiresAtMs: engineMs + 54 * 60_000 }),
      item("a", { count: 3, dictionary: { n: 1 } }),
    );
    const { status, stdout } = await state("list");
    expect(status).toBe(0);
    expect(stdout.split("\n")).toEqual([
      "KEY  COUNT  MEMBERS  DICTIONARY  ENDS",
      "a        3        -         7 B  never",
      "b        -        2           -  2026-03-02 11:54:00Z (in 54m)",
      "",
    ]);
  });

  test("leaves out what has ended by the engine clock, whatever the wall clock says", async () => {
    await fill(
      item("ended", { count: 1, expiresAtMs: engineMs }),
      item("alive", { count: 1, expiresAtMs: engineMs + 1 }),
    );
    const { stdout } = await state("list");
    expect(stdout).toContain("alive");
    expect(stdout).not.toContain("ended");
  });

  test("filters by prefix", async () => {
    await fill(item("a-1", { count: 1 }), item("b-1", { count: 1 }));
    const { stdout } = await state("list", ["--prefix", "b"]);
    expect(stdout).not.toContain("a-1");
    expect(stdout).toContain("b-1");
  });

  test("says when there are more than it shows", async () => {
    await fill(item("a", { count: 1 }), item("b", { count: 1 }), item("c", { count: 1 }));
    const limited = await state("list", ["--limit", "2", "--json"]);
    expect(limited.stdout.trim().split("\n")).toHaveLength(2);
    expect(limited.stderr).toContain("There are more");
    expect((await state("list", ["--limit", "3"])).stderr).toBe("");
  });

  test("of a state without keys says so on standard error", async () => {
    await fill();
    expect(await state("list")).toEqual({ status: 0, stdout: "", stderr: "No keys.\n" });
  });

  test("shows control characters in keys as escapes", async () => {
    await fill(item("evil\u001b[2J", { count: 1 }));
    const { stdout } = await state("list", [], { terminal: true });
    expect(stdout).toContain("evil\\x1b[2J");
  });

  test("of a missing file is an error and makes none", async () => {
    const { status, stderr } = await state("list");
    expect(status).toBe(1);
    expect(stderr).toContain(file);
    expect((await state("list")).status).toBe(1);
  });

  test("of a state in memory is a usage error", async () => {
    const { status, stderr } = await cli(["state", "list", "--state", ":memory:"]);
    expect(status).toBe(2);
    expect(stderr).toContain("--state");
  });
});

describe("state get", () => {
  test("shows everything under the key", async () => {
    await fill(
      item("k", { count: 3, strings: ["a", "b"], dictionary: { n: [1] }, expiresAtMs: engineMs + hour }),
    );
    const { stdout } = await state("get", ["k"]);
    expect(stdout.split("\n")).toEqual([
      "key         k",
      "count       3",
      "member      a",
      "member      b",
      'dictionary  {"n":[1]}',
      "ends        2026-03-02 12:00:00Z (in 1h)",
      "",
    ]);
  });

  test("does not take a longer key for it", async () => {
    await fill(item("k-longer", { count: 3 }));
    const { status, stderr } = await state("get", ["k"]);
    expect(status).toBe(1);
    expect(stderr).toContain("There is no key k.");
  });

  test("does not show what has ended", async () => {
    await fill(item("k", { count: 3, expiresAtMs: engineMs }));
    expect((await state("get", ["k"])).status).toBe(1);
  });
});

describe("state set", () => {
  test("changes what is given and keeps the rest", async () => {
    await fill(item("k", { count: 3, strings: ["a"], expiresAtMs: engineMs + hour }));
    expect((await state("set", ["k", "--count", "5"])).status).toBe(0);
    const { stdout } = await state("get", ["k"]);
    expect(stdout).toContain("count       5");
    expect(stdout).toContain("member      a");
    expect(stdout).toContain("(in 1h)");
  });

  test("counts a lifetime from the engine clock", async () => {
    await fill();
    await state("set", ["k", "--count", "1", "--expires", "30m"]);
    expect((await state("get", ["k"])).stdout).toContain("2026-03-02 11:30:00Z (in 30m)");
  });

  test("does not start from what has ended", async () => {
    await fill(item("k", { count: 3, strings: ["old"], expiresAtMs: engineMs }));
    await state("set", ["k", "--count", "1"]);
    const { stdout } = await state("get", ["k"]);
    expect(stdout).not.toContain("old");
    expect(stdout).toContain("(in 90d)");
  });

  test("makes the file, and counts from the wall clock where no run has been", async () => {
    const { status } = await state("set", ["k", "--strings", "a,b", "--expires", "1h"]);
    expect(status).toBe(0);
    expect((await state("get", ["k"])).stdout).toContain("2026-03-02 13:00:00Z");
  });

  test("refuses a key or values that rules could not have", async () => {
    expect((await state("set", ["", "--count", "1"])).status).toBe(2);
    expect((await state("set", ["k".repeat(1025), "--count", "1"])).stderr).toContain("1024");
    expect((await state("set", ["k", "--string", "m".repeat(70_000)])).status).toBe(2);
    expect((await state("set", ["k"])).stderr).toContain("Say what to set");
  });

  test("fails while another has the file open", async () => {
    const store = openState(file);
    const { status, stderr } = await state("set", ["k", "--count", "1"]);
    await store.close();
    expect(status).toBe(1);
    expect(stderr).toContain(file);
  });
});

describe("state delete", () => {
  test("forgets one key", async () => {
    await fill(item("a", { count: 1 }), item("ab", { count: 1 }));
    expect((await state("delete", ["a"])).stderr).toBe("Deleted 1 key.\n");
    const { stdout } = await state("list", ["--json"]);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(stdout).toContain('"ab"');
  });

  test("of a key that is not there is an error", async () => {
    await fill();
    const { status, stderr } = await state("delete", ["nothing"]);
    expect(status).toBe(1);
    expect(stderr).toContain("There is no key nothing.");
  });

  test("forgets every key with a prefix", async () => {
    await fill(...["a-1", "a-2", "b-1"].map((key) => item(key, { count: 1 })));
    expect((await state("delete", ["--prefix", "a-", "--yes"])).stderr).toBe("Deleted 2 keys.\n");
    expect((await state("list")).stdout).not.toContain("a-");
  });

  test("of many keys needs --yes where nobody can be asked", async () => {
    await fill(item("a-1", { count: 1 }));
    const { status, stderr } = await state("delete", ["--prefix", "a-"]);
    expect(status).toBe(2);
    expect(stderr).toContain("--yes");
    expect((await state("get", ["a-1"])).status).toBe(0);
  });

  test.each([
    ["y\n", 0],
    ["yes\n", 0],
    ["n\n", 1],
    ["\n", 1],
  ])("of many keys asks on a terminal; %j ends with %i", async (stdin, status) => {
    await fill(item("a-1", { count: 1 }));
    expect((await state("delete", ["--prefix", "a-"], { stdin, terminal: true })).status).toBe(status);
    expect((await state("get", ["a-1"])).status).toBe(1 - status);
  });

  test("needs either a key or a prefix", async () => {
    await fill();
    expect((await state("delete")).status).toBe(2);
    expect((await state("delete", ["a", "--prefix", "a"])).status).toBe(2);
  });

  test("does not make a state file", async () => {
    const { status, stderr } = await state("delete", ["a"]);
    expect(status).toBe(1);
    expect(stderr).toContain("There is no state file");
  });
});

describe("state export and import", () => {
  const items = [
    item("a", { count: -3, expiresAtMs: engineMs + hour }),
    item("b\u001b\n", { strings: ["x", "\u2028"] }),
    item("c", {
      dictionary: JSON.parse('{"__proto__":{"n":1},"list":[null,true]}') as Item["dictionary"] & object,
    }),
  ];

  test("carry every key to another state as it is", async () => {
    await fill(...items);
    const backup = `${file}.jsonl`;
    expect((await state("export", [backup])).status).toBe(0);
    const before = await state("list", ["--json"]);
    const copy = `${file}.copy`;
    const imported = await cli(["state", "import", backup, "--state", copy]);
    expect(imported).toMatchObject({ status: 0, stderr: `Imported 3 keys into ${copy}.\n` });
    expect((await cli(["state", "list", "--json", "--state", copy])).stdout).toBe(before.stdout);
  });

  test("go through pipes", async () => {
    await fill(...items);
    const exported = await state("export");
    file = `${file}.copy`;
    expect((await state("import", ["-"], { stdin: exported.stdout })).status).toBe(0);
    expect((await state("export")).stdout).toBe(exported.stdout);
  });

  test("export takes a prefix", async () => {
    await fill(...items);
    const { stdout } = await state("export", ["--prefix", "c"]);
    expect(stdout.trim().split("\n")).toHaveLength(1);
  });

  test("export pages through many keys", async () => {
    const many = Array.from({ length: 2500 }, (_, index) =>
      item(`k${String(index).padStart(4, "0")}`, { count: index }),
    );
    await fill(...many);
    const { stdout } = await state("export");
    expect(stdout.trim().split("\n")).toHaveLength(2500);
  });

  test("an export that fails leaves the file as it was", async () => {
    await fill(...items);
    const { status, stderr } = await state("export", [join(file, "below", "backup.jsonl")]);
    expect(status).toBe(1);
    expect(stderr).toContain("backup.jsonl");
  });

  test("import replaces keys of the same name and keeps the others", async () => {
    await fill(...items);
    const { stdout } = await state("export", ["--prefix", "a"]);
    await state("set", ["a", "--strings", "new"]);
    await state("set", ["z", "--count", "1"]);
    await state("import", ["-"], { stdin: stdout });
    expect((await state("get", ["a"])).stdout).not.toContain("new");
    expect((await state("get", ["z"])).status).toBe(0);
  });

  test("blank lines and CRLF do not matter", async () => {
    await fill(...items);
    const { stdout } = await state("export");
    file = `${file}.copy`;
    await state("import", ["-"], { stdin: `\r\n${stdout.replaceAll("\n", "\r\n")}\r\n` });
    expect((await state("export")).stdout).toBe(stdout);
  });

  test.each([
    ["no JSON", "{"],
    ["no object", "[1]"],
    ["no key", '{"count":1}'],
    ["a key that is no text", '{"key":1,"count":1}'],
    ["a count that is no integer", '{"key":"k","count":1.5}'],
    ["a member that is no text", '{"key":"k","strings":[1]}'],
  ])("a line with %s is named, and nothing is imported", async (_, line) => {
    await fill(items[0] ?? item("a"));
    const { stdout } = await state("export");
    file = `${file}.copy`;
    const { status, stderr } = await state("import", ["-"], { stdin: `${stdout}${line}\n` });
    expect(status).toBe(1);
    expect(stderr).toContain("line 2");
    expect((await state("list")).stderr).toContain(file);
  });

  test("bytes that are no UTF-8 are an error, and nothing is imported", async () => {
    const { status, stderr } = await state("import", ["-"], {
      stdin: Buffer.from('{"key":"\xff"}', "latin1"),
    });
    expect(status).toBe(1);
    expect(stderr).toContain("standard input");
    expect((await state("list")).status).toBe(1);
  });

  test("a missing file is named", async () => {
    const { status, stderr } = await state("import", ["nowhere.jsonl"]);
    expect(status).toBe(1);
    expect(stderr).toContain("nowhere.jsonl");
  });

  test("an import into what is no state file changes nothing", async () => {
    writeFileSync(file, "not a database, but long enough to look at ".repeat(10));
    const before = readFileSync(file);
    const { status } = await state("import", ["-"], { stdin: "" });
    expect(status).toBe(1);
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});
