import { createInterface } from "node:readline/promises";

import { formatDuration } from "../core/durations.ts";
import { StakeoutError } from "../core/errors.ts";
import { printable } from "../core/text.ts";
import { encodeItem } from "../state/item-codec.ts";
import { NEVER, type Item, type StateStore } from "../state/store.ts";
import { changeItem, type ItemChange } from "./item-change.ts";
import { writeText, type CommandIo } from "./io.ts";
import { renderTable, type Column } from "./table.ts";
import { withState } from "./with-state.ts";

export interface StateListOptions {
  readonly state: string;
  readonly prefix: string;
  readonly limit: number;
  readonly json: boolean;
}

export interface StateGetOptions {
  readonly state: string;
  readonly key: string;
  readonly json: boolean;
}

export interface StateSetOptions extends ItemChange {
  readonly state: string;
}

export interface StateDeleteOptions {
  readonly state: string;
  readonly key?: string;
  readonly prefix?: string;
  readonly yes: boolean;
}

const columns: readonly Column[] = [
  { name: "KEY" },
  { name: "COUNT", align: "right" },
  { name: "MEMBERS", align: "right" },
  { name: "DICTIONARY", align: "right" },
  { name: "ENDS" },
];

const pageItems = 1000;

/** The latest time that a date can hold; a rule may give a key a later end. */
const dateMsMax = 8.64e15;

/** Prints keys with what is under them. Answers 0. */
export async function listStateCommand(options: StateListOptions, io: CommandIo): Promise<number> {
  const { state, prefix, limit, json } = options;
  return withState(state, { readOnly: true }, async (store) => {
    const nowMs = store.clockMs;
    // One more than shown tells whether there are more.
    const found = await store.listItems({ prefix, limit: limit + 1, nowMs });
    const items = found.slice(0, limit);
    if (json) {
      await writeText(io.stdout, items.map((item) => `${encodeItem(item)}\n`).join(""));
    } else if (items.length === 0) {
      io.stderr.write("No keys.\n");
    } else {
      const rows = items.map((item) => rowOf(item, nowMs));
      await writeText(io.stdout, renderTable(columns, rows, io.stdout));
    }
    if (found.length > limit) io.stderr.write(`There are more; show them with --limit ${limit * 10}.\n`);
    return 0;
  });
}

/** Prints everything under one key. Answers 0; throws `NOT_FOUND`. */
export async function getStateCommand(options: StateGetOptions, io: CommandIo): Promise<number> {
  const { state, key, json } = options;
  return withState(state, { readOnly: true }, async (store) => {
    const nowMs = store.clockMs;
    const item = await findItem(store, key, nowMs);
    if (item === undefined) throw notFound(key);
    await writeText(io.stdout, json ? `${encodeItem(item)}\n` : renderItem(item, nowMs));
    return 0;
  });
}

/** Changes what is under one key. Answers 0; throws `STATE_FILE_LOCKED` while a run is going on. */
export async function setStateCommand(options: StateSetOptions, io: CommandIo): Promise<number> {
  return withState(options.state, { readOnly: false, create: true }, async (store) => {
    const { clockMs } = store;
    // A state that no run has used has no time yet; counted from 0, an hour would be over at the first event.
    const nowMs = clockMs > 0 ? clockMs : io.clock.nowMs();
    const item = changeItem(await findItem(store, options.key, clockMs), options, nowMs);
    await store.putItem(item);
    await commit(store);
    await writeText(io.stdout, renderItem(item, clockMs));
    return 0;
  });
}

/** Forgets one key, or all with a prefix. Answers 0, or 1 when the person said no; throws `NOT_FOUND` for a key that is not there. */
export async function deleteStateCommand(options: StateDeleteOptions, io: CommandIo): Promise<number> {
  const { key, prefix } = options;
  if ((key === undefined) === (prefix === undefined)) {
    throw new StakeoutError("USAGE", "Name either one key or, with --prefix, the beginning of keys.");
  }
  return withState(options.state, { readOnly: false }, async (store) => {
    const keys = key === undefined ? await keysWith(store, prefix ?? "") : [key];
    if (key === undefined && keys.length > 0 && !options.yes && !(await confirm(keys.length, io))) return 1;
    for (const each of keys) {
      if (!(await store.deleteItem(each))) throw notFound(each);
    }
    await commit(store);
    io.stderr.write(`Deleted ${keys.length} key${keys.length === 1 ? "" : "s"}.\n`);
    return 0;
  });
}

/** Makes changes durable without moving the engine clock. */
export async function commit(store: StateStore): Promise<void> {
  await store.commit({ clockMs: store.clockMs, positions: [], entries: [] });
}

/** Every item with a prefix, a page at a time. */
export async function* allItems(store: StateStore, prefix: string): AsyncGenerator<Item> {
  let after: string | undefined;
  while (true) {
    const page = await store.listItems({
      prefix,
      limit: pageItems,
      nowMs: store.clockMs,
      ...(after === undefined ? {} : { after }),
    });
    yield* page;
    after = page.at(-1)?.key;
    if (page.length < pageItems) return;
  }
}

async function findItem(store: StateStore, key: string, nowMs: number): Promise<Item | undefined> {
  // In key order a key comes before all others that begin with it.
  const [item] = await store.listItems({ prefix: key, limit: 1, nowMs });
  return item?.key === key ? item : undefined;
}

async function keysWith(store: StateStore, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of allItems(store, prefix)) keys.push(key);
  return keys;
}

async function confirm(count: number, { stdin, stderr }: CommandIo): Promise<boolean> {
  if (stdin.isTTY !== true) {
    throw new StakeoutError("USAGE", `This would delete ${count} keys; say --yes to do it.`);
  }
  const terminal = createInterface({ input: stdin, output: stderr });
  const answer = await terminal.question(`Delete ${count} keys? [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

function notFound(key: string): StakeoutError {
  return new StakeoutError(
    "NOT_FOUND",
    `There is no key ${printable(key)}. "stakeout state list" shows what there is.`,
    { fields: { key } },
  );
}

function rowOf(item: Item, nowMs: number): readonly string[] {
  const { key, count, strings, dictionary, expiresAtMs } = item;
  return [
    key,
    count === undefined ? "-" : String(count),
    strings === undefined ? "-" : String(strings.length),
    dictionary === undefined ? "-" : `${Buffer.byteLength(JSON.stringify(dictionary))} B`,
    endText(expiresAtMs, nowMs),
  ];
}

function renderItem(item: Item, nowMs: number): string {
  const { key, count, strings, dictionary, expiresAtMs } = item;
  const lines = [`key         ${key}`];
  if (count !== undefined) lines.push(`count       ${count}`);
  if (strings !== undefined) lines.push(...strings.map((member) => `member      ${member}`));
  if (dictionary !== undefined) lines.push(`dictionary  ${JSON.stringify(dictionary)}`);
  lines.push(`ends        ${endText(expiresAtMs, nowMs)}`);
  return lines.map((line) => `${printable(line)}\n`).join("");
}

/** When an item ends, as a time and as a distance from the engine clock where that has ever moved. */
function endText(expiresAtMs: number, nowMs: number): string {
  if (expiresAtMs === NEVER) return "never";
  const time = new Date(Math.min(expiresAtMs, dateMsMax))
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
  return nowMs === 0 ? time : `${time} (in ${formatDuration(expiresAtMs - nowMs)})`;
}
