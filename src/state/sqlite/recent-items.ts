import type { MutableItem } from "../items.ts";

/**
 * Items that were read or folded lately, within a bound of memory. Two generations: what was not asked for while the
 * younger one filled up is let go with the older one, which is nearly as good as ordering every access and much cheaper.
 */
export class RecentItems<Held extends MutableItem> {
  private young = new Map<string, Held>();
  private old = new Map<string, Held>();
  private youngBytes = 0;
  private readonly bytesMax: number;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get(key: string): Held | undefined {
    const young = this.young.get(key);
    if (young !== undefined) return young;
    const old = this.old.get(key);
    if (old !== undefined) this.add(old);
    return old;
  }

  add(item: Held): void {
    this.young.set(item.key, item);
    this.youngBytes += bytesOf(item);
    if (this.youngBytes * 2 <= this.bytesMax) return;
    this.old = this.young;
    this.young = new Map();
    this.youngBytes = 0;
  }
}

/** About how much memory an item takes. */
function bytesOf(item: MutableItem): number {
  const { key, strings, dictionary } = item;
  let bytes = 250 + key.length * 2 + (dictionary?.length ?? 0) * 2;
  if (strings !== undefined) for (const member of strings) bytes += 50 + member.length * 2;
  return bytes;
}
