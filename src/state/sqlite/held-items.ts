import type { TrackedItem } from "./item-change.ts";

/** An item of a state file in memory. */
export interface HeldItem extends TrackedItem {
  /** Newest journal row that has changes of it; 0 when there is none. */
  lastSeq: number;
  /** True while the item table does not have its newest state, so that it must be kept. */
  unfolded: boolean;
}

/**
 * The items in memory, in one map because looking a key up is most of what an operation costs: those that the item table
 * does not have yet, which are never let go, and those that were asked for lately, within a bound of memory. Two
 * generations: what was not asked for while the younger one filled up is let go with the older one, which is nearly as good
 * as ordering every access and much cheaper.
 */
export class HeldItems {
  private young = new Map<string, HeldItem>();
  private old = new Map<string, HeldItem>();
  /** Of the items that came to the young ones one by one; the kept ones are bounded by the length of the journal. */
  private youngBytes = 0;
  private readonly bytesMax: number;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** The item, which from here on is among the young ones. */
  get(key: string): HeldItem | undefined {
    const young = this.young.get(key);
    if (young !== undefined) return young;
    const old = this.old.get(key);
    if (old !== undefined) this.add(old);
    return old;
  }

  /** Takes an item in. It is held until at least the second `add` or `get` from here, unfolded ones until they are folded. */
  add(item: HeldItem): void {
    if (this.youngBytes * 2 > this.bytesMax) this.nextGeneration();
    this.young.set(item.key, item);
    this.youngBytes += bytesOf(item);
  }

  /** Items that the table does not have yet. */
  *unfolded(): Generator<HeldItem> {
    for (const item of this.young.values()) if (item.unfolded) yield item;
    for (const item of this.old.values()) if (item.unfolded && !this.young.has(item.key)) yield item;
  }

  private nextGeneration(): void {
    const kept = new Map<string, HeldItem>();
    for (const [key, item] of this.old) if (item.unfolded && !this.young.has(key)) kept.set(key, item);
    this.old = this.young;
    this.young = kept;
    this.youngBytes = 0;
  }
}

/** About how much memory an item takes. */
function bytesOf(item: HeldItem): number {
  const { key, strings, dictionary } = item;
  let bytes = 250 + key.length * 2 + (dictionary?.length ?? 0) * 2;
  if (strings !== undefined) for (const member of strings) bytes += 50 + member.length * 2;
  return bytes;
}
