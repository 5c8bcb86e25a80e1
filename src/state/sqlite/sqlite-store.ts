import type { DatabaseSync } from "node:sqlite";

import { StakeoutError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { defaultLimits, type Limits } from "../../core/limits.ts";
import { ABSENT, Changed, clearItem, ItemOperations, itemOf, type MutableItem } from "../items.ts";
import { compareKeys } from "../key-order.ts";
import type { Commit, Entry, EntryQuery, Item, ItemQuery, StateStore } from "../store.ts";
import { CommittedRows } from "./committed-rows.ts";
import { foldJournal } from "./fold.ts";
import { createFoldWorker, type Folder } from "./fold-worker.ts";
import { type HeldItem, HeldItems } from "./held-items.ts";
import { applyChange, journalTexts } from "./item-change.ts";
import { ItemTable } from "./item-table.ts";
import { stateFileError } from "./sqlite-error.ts";
import { openForLane, openForReading } from "./state-file.ts";
import { inTransaction } from "./transaction.ts";
import { UnfoldedItems } from "./unfolded.ts";

export interface SqliteStoreOptions {
  /** Path of the state file. Made where there is none, unless `readOnly`. */
  readonly file: string;
  /** Limits that differ from the defaults. */
  readonly limits?: Partial<Limits>;
  /**
   * Sees the last commit as of opening, also while a run is going on, and takes no lock. `commit` throws
   * `STATE_FILE_UNUSABLE`.
   */
  readonly readOnly?: boolean;
  /** Memory for items that were read or folded lately, about. 64 MiB unless given. */
  readonly cacheBytesMax?: number;
  /** Bytes of journal from which on it is folded in the background. 8 MiB unless given. */
  readonly foldFromBytes?: number;
  /** Folds the journal. A thread of its own unless given; tests fold at moments of their choice. */
  readonly createFolder?: (file: string) => Folder;
}

const MIB = 1024 * 1024;
/** Small commits make a long journal too, which takes a while to read at the next start. */
const FOLD_FROM_COMMITS = 5000;

/**
 * Opens a state file: SQLite with a write-ahead log, every commit made durable. One lane at a time may have it open.
 *
 * Throws `STATE_FILE_LOCKED` (another run has it), `STATE_FILE_NOT_A_DATABASE`, `STATE_FILE_FOREIGN` (another program's),
 * `STATE_FILE_NEWER`, `STATE_FILE_UNUSABLE` (folder missing, no permission), `STATE_FILE_FULL`, and with `readOnly`
 * `STATE_FILE_NOT_FOUND`. A file that is refused is left as it is, with nothing new beside it.
 */
export function openSqliteStore(options: SqliteStoreOptions): StateStore {
  const { file, readOnly = false, createFolder = createFoldWorker } = options;
  const parts: Parts = readOnly
    ? { db: openForReading(file) }
    : { ...openForLane(file), folder: createFolder(file) };
  try {
    return new SqliteStore(options, parts);
  } catch (error) {
    parts.db.close();
    parts.lock?.close();
    throw stateFileError(file, error);
  }
}

interface Parts {
  readonly db: DatabaseSync;
  readonly lock?: DatabaseSync;
  readonly folder?: Folder;
}

class SqliteStore extends ItemOperations<HeldItem> implements StateStore {
  clockMs: number;
  pendingBytes = 0;
  private readonly parts: Parts;
  private readonly file: string;
  private readonly foldFromBytes: number;
  private readonly rows: CommittedRows;
  private readonly table: ItemTable;
  private readonly unfolded: UnfoldedItems;
  private readonly items: HeldItems;
  private seq: number;
  /** Items changed since the last commit. */
  private changedItems: HeldItem[] = [];
  /** The item last asked for. */
  private last: HeldItem | undefined;
  private failed = false;

  constructor(options: SqliteStoreOptions, parts: Parts) {
    super({ ...defaultLimits, ...options.limits });
    this.parts = parts;
    this.file = options.file;
    this.foldFromBytes = options.foldFromBytes ?? 8 * MIB;
    this.items = new HeldItems(options.cacheBytesMax ?? 64 * MIB);
    this.rows = new CommittedRows(parts.db);
    this.table = new ItemTable(parts.db);
    this.beginReading();
    this.clockMs = this.rows.clockMs;
    const journal = this.rows.readJournal();
    this.seq = journal.seq;
    this.unfolded = new UnfoldedItems(journal, this.items);
  }

  readPosition(source: string, stream: string): JsonObject | undefined {
    return this.reading(() => this.rows.readPosition(source, stream));
  }

  readEntry(kind: string, key: string): JsonObject | undefined {
    return this.reading(() => this.rows.readEntry(kind, key));
  }

  listEntries(query: EntryQuery): readonly Entry[] {
    return this.reading(() => this.rows.listEntries(query));
  }

  listItems(query: ItemQuery): readonly Item[] {
    return this.reading(() =>
      this.merged(query)
        .filter((item) => item.expiresAtMs > query.nowMs)
        .take(query.limit)
        .map(itemOf)
        .toArray(),
    );
  }

  deleteItem(key: string): boolean {
    const item = this.find(key, this.clockMs);
    if (item === undefined) return false;
    this.drop(item);
    return true;
  }

  commit(commit: Commit): void | Promise<void> {
    if (this.failed || this.parts.folder === undefined) throw this.notWritable();
    try {
      this.learnFolded();
      this.endReading();
      // Before the batch is written, so that a fold that fails leaves nothing of it.
      if (this.parts.folder.failure !== undefined && this.foldIsDue()) this.foldHere();
      this.parts.folder.whileLaneWrites(() => this.write(commit));
    } catch (error) {
      this.failed = true;
      throw stateFileError(this.file, error);
    }
    this.clockMs = commit.clockMs;
    if (this.foldIsDue()) this.parts.folder.request();
    return this.journalIsFull() ? this.catchUp(this.parts.folder) : undefined;
  }

  /**
   * Leaves the journal as it is: the next start reads it in less time than folding would hold up this end, and it is never
   * longer than what a start can bear.
   */
  async close(): Promise<void> {
    await this.parts.folder?.stop();
    if (this.parts.db.isOpen) this.parts.db.close();
    if (this.parts.lock?.isOpen === true) this.parts.lock.close();
  }

  protected find(key: string, nowMs: number): HeldItem | undefined {
    const item = this.held(key);
    return item.expiresAtMs > nowMs ? item : undefined;
  }

  protected start(key: string): HeldItem {
    const item = this.held(key);
    clearItem(item);
    return item;
  }

  protected drop(item: HeldItem): void {
    clearItem(item);
    item.expiresAtMs = ABSENT;
    this.changed(item, Changed.end);
  }

  protected changed(item: HeldItem, bits: number): void {
    if (item.changes === 0) {
      this.changedItems.push(item);
      this.pendingBytes += 200 + item.key.length * 2;
      if (!item.unfolded) this.unfolded.keep(item);
    }
    item.changes |= bits;
    if ((bits & Changed.dictionary) !== 0) this.pendingBytes += (item.dictionary?.length ?? 0) * 2;
    if ((bits & Changed.strings) !== 0 && item.strings !== undefined) {
      for (const member of item.strings) this.pendingBytes += 50 + member.length * 2;
    }
  }

  protected memberChanged(item: HeldItem, member: string): void {
    this.changed(item, Changed.member);
    item.members ??= new Set();
    item.members.add(member);
    this.pendingBytes += 50 + member.length * 2;
  }

  private held(key: string): HeldItem {
    // Most operations come in pairs on one key, and every look into a large map is a cache miss.
    if (this.last?.key === key) return this.last;
    this.last = this.items.get(key) ?? this.load(key);
    return this.last;
  }

  private load(key: string): HeldItem {
    const item = this.reading(() => this.track(this.table.read(key)));
    this.items.add(item);
    return item;
  }

  /** Reads. After a failure the batch must not be committed: a rule may have gone on without what it asked for. */
  private reading<T>(read: () => T): T {
    try {
      this.beginReading();
      return read();
    } catch (error) {
      this.failed = true;
      throw stateFileError(this.file, error);
    }
  }

  /**
   * One read transaction from the first read after a commit to the next commit: a transaction for each read would cost
   * more than the read. For a reader it lasts to the end, so every page of a listing shows the same commit. That the
   * item table is as of then does no harm, because items that are not folded yet are not taken from there.
   */
  private beginReading(): void {
    if (!this.parts.db.isTransaction) this.parts.db.exec("BEGIN");
  }

  private endReading(): void {
    if (this.parts.db.isTransaction) this.parts.db.exec("COMMIT");
  }

  /** An item of the table as the store holds it. */
  private track(item: MutableItem): HeldItem {
    const { key, count, strings, dictionary, expiresAtMs } = item;
    const held: HeldItem = {
      key,
      count,
      strings,
      dictionary,
      expiresAtMs,
      changes: 0,
      members: undefined,
      lastSeq: 0,
      unfolded: false,
    };
    for (const change of this.unfolded.openedChanges(key) ?? []) applyChange(held, change);
    return held;
  }

  /** All items that a listing may have to show, in key order: those of the table, and instead of them newer ones. */
  private *merged(query: ItemQuery): Generator<MutableItem> {
    const { prefix = "", after = "" } = query;
    const newer = this.unfolded.select(query);
    let next = 0;
    for (const item of this.table.from(compareKeys(prefix, after) > 0 ? prefix : after)) {
      if (query.after !== undefined && item.key === query.after) continue;
      if (!item.key.startsWith(prefix)) break;
      for (let key = newer[next]; key !== undefined && compareKeys(key, item.key) < 0; key = newer[next]) {
        yield this.held(key);
        next += 1;
      }
      if (newer[next] !== item.key) {
        yield item;
        continue;
      }
      yield this.held(item.key);
      next += 1;
    }
    for (const key of newer.slice(next)) yield this.held(key);
  }

  private write(commit: Commit): void {
    const texts = journalTexts(this.changedItems);
    let { seq } = this;
    let bytes = 0;
    inTransaction(this.parts.db, () => {
      for (const [index, text] of texts.entries()) {
        seq += 1;
        bytes += Buffer.byteLength(text);
        // Only with its last row is a commit folded whole, and only then may items end that ended by its clock.
        const last = index === texts.length - 1;
        this.rows.writeJournal(seq, last ? commit.clockMs : this.clockMs, text);
      }
      this.rows.writeCommit(commit);
    });
    this.seq = seq;
    if (texts.length > 0) this.unfolded.committed({ seq, bytes, items: this.changedItems });
    for (const item of this.changedItems) {
      item.changes = 0;
      item.members = undefined;
    }
    this.changedItems = [];
    this.pendingBytes = 0;
  }

  private learnFolded(): void {
    const { folder } = this.parts;
    if (folder === undefined) return;
    folder.poll();
    this.unfolded.folded(folder.foldedThrough);
  }

  private foldIsDue(): boolean {
    return this.unfolded.bytes >= this.foldFromBytes || this.unfolded.commits >= FOLD_FROM_COMMITS;
  }

  private journalIsFull(): boolean {
    return this.unfolded.bytes > this.limits.journalBytesMax;
  }

  private foldHere(): void {
    let through = 0;
    for (through of foldJournal(this.parts.db));
    this.unfolded.folded(through);
  }

  /** Keeps the lane from filling the journal faster than it is folded; without a folder that works, commits fold it. */
  private async catchUp(folder: Folder): Promise<void> {
    while (this.journalIsFull() && folder.failure === undefined) {
      folder.request();
      await folder.moved();
      this.learnFolded();
    }
  }

  private notWritable(): StakeoutError {
    const why = this.failed ? "can no longer be written after an error" : "was opened for reading only";
    return new StakeoutError("STATE_FILE_UNUSABLE", `The state file ${this.file} ${why}. Open it again.`, {
      fields: { file: this.file },
    });
  }
}
