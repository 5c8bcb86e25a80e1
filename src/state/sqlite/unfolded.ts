import { compareKeys, selectKeys } from "../key-order.ts";
import type { ItemQuery } from "../store.ts";
import type { OpenedJournal } from "./committed-rows.ts";
import type { HeldItem, HeldItems } from "./held-items.ts";
import type { ChangesByKey } from "./item-change.ts";

interface CommittedBatch {
  readonly seq: number;
  readonly bytes: number;
  readonly items: readonly HeldItem[];
}

/**
 * The items whose newest state is not in the item table yet: changed since the last commit, or committed to the journal
 * only. They are never read from the table, so that it does not matter how far a fold has come.
 */
export class UnfoldedItems {
  private readonly items: HeldItems;
  private readonly batches: CommittedBatch[] = [];
  /** What the journal held when the file was opened; its items are made when they are asked for. */
  private opened: ChangesByKey | undefined;
  private sorted: string[] | undefined;
  /** Bytes of journal that are not known to be folded. */
  bytes = 0;

  constructor(journal: OpenedJournal, items: HeldItems) {
    this.items = items;
    this.opened = journal.changes;
    this.bytes = journal.bytes;
    this.batches.push({ seq: journal.seq, bytes: journal.bytes, items: [] });
  }

  /** Commits in the journal that are not known to be folded. */
  get commits(): number {
    return this.batches.length;
  }

  /** A held item has changed. */
  keep(item: HeldItem): void {
    item.unfolded = true;
    this.sorted = undefined;
  }

  /** The changes to bring an item of the table to where the journal had it at opening. */
  openedChanges(key: string): ReturnType<ChangesByKey["get"]> {
    return this.opened?.get(key);
  }

  /** The items are in the journal now, the newest row having the number `seq`. */
  committed(batch: CommittedBatch): void {
    this.batches.push(batch);
    this.bytes += batch.bytes;
    for (const item of batch.items) item.lastSeq = batch.seq;
  }

  /** The item table has everything through this journal row, so items that did not change since need not be kept. */
  folded(through: number): void {
    for (let batch = this.batches[0]; batch !== undefined && batch.seq <= through; batch = this.batches[0]) {
      this.batches.shift();
      this.bytes -= batch.bytes;
      this.opened = undefined;
      this.sorted = undefined;
      for (const item of batch.items) {
        // One that changed again since then waits for that change to be folded.
        if (item.lastSeq > through || item.changes !== 0 || !item.unfolded) continue;
        item.unfolded = false;
      }
    }
  }

  /** Those of the keys here that a listing asks for, in key order. */
  select(query: ItemQuery): string[] {
    const keys = this.items.unfolded().map(({ key }) => key);
    this.sorted ??= [...new Set([...keys, ...(this.opened?.keys() ?? [])])].sort(compareKeys);
    return selectKeys(this.sorted, query);
  }
}
