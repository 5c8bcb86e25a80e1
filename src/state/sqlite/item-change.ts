import { ABSENT, Changed, clearItem, type MutableItem } from "../items.ts";
import { NEVER } from "../store.ts";

/**
 * What one commit changed of one item, as the journal holds it. Every figure is the outcome, not a difference, so applying
 * the same changes once more, in their order, gives the same item.
 */
export interface ItemChange {
  readonly key: string;
  /** The item is gone; nothing else is given. */
  gone?: true;
  /** The item began anew: columns that are not given are empty. */
  fresh?: true;
  /** `null` for emptied columns; left out where nothing changed. */
  count?: number | null;
  strings?: readonly string[] | null;
  /** Changed members of a set that is otherwise as it was. */
  added?: readonly string[];
  removed?: readonly string[];
  /** JSON text. */
  dictionary?: string | null;
  /** `null` for no expiry. */
  endsAtMs?: number | null;
}

/** An item with what changed of it since the last commit. */
export interface TrackedItem extends MutableItem {
  /** Bits of `Changed`; 0 when nothing changed. */
  changes: number;
  /** Members added or removed while the set as a whole stayed. */
  members: Set<string> | undefined;
}

/** What to write down of an item that changed. */
function changeOf(item: TrackedItem): ItemChange {
  const change: ItemChange = { key: item.key };
  if (item.expiresAtMs === ABSENT) {
    change.gone = true;
    return change;
  }
  const { changes } = item;
  const fresh = (changes & Changed.fresh) !== 0;
  if (fresh) change.fresh = true;
  if (fresh ? item.count !== undefined : (changes & Changed.count) !== 0) change.count = item.count ?? null;
  if (fresh ? item.dictionary !== undefined : (changes & Changed.dictionary) !== 0) {
    change.dictionary = item.dictionary ?? null;
  }
  if ((changes & Changed.end) !== 0) change.endsAtMs = item.expiresAtMs === NEVER ? null : item.expiresAtMs;
  addStrings(change, item, fresh);
  return change;
}

function addStrings(change: ItemChange, item: TrackedItem, fresh: boolean): void {
  const { strings, members } = item;
  if (fresh ? strings !== undefined : (item.changes & Changed.strings) !== 0) {
    change.strings = strings === undefined ? null : [...strings];
    return;
  }
  if (fresh || members === undefined || strings === undefined) return;
  if (members.size * 2 >= strings.size) {
    change.strings = [...strings];
    return;
  }
  const added: string[] = [];
  const removed: string[] = [];
  for (const member of members) (strings.has(member) ? added : removed).push(member);
  if (added.length > 0) change.added = added;
  if (removed.length > 0) change.removed = removed;
}

/** A huge batch becomes several journal rows, so that no row comes near what SQLite or a string can hold. */
const ROW_CHARACTERS = 8 * 1024 * 1024;

/** The changes of a batch as journal rows, about 8 MiB each; none when nothing changed. */
export function journalTexts(items: readonly TrackedItem[]): string[] {
  const texts: string[] = [];
  let changes: ItemChange[] = [];
  let characters = 0;
  for (const item of items) {
    const change = changeOf(item);
    changes.push(change);
    characters += charactersOf(change);
    if (characters < ROW_CHARACTERS) continue;
    texts.push(JSON.stringify(changes));
    changes = [];
    characters = 0;
  }
  if (changes.length > 0) texts.push(JSON.stringify(changes));
  return texts;
}

/** About how long a change is as text. */
function charactersOf(change: ItemChange): number {
  let characters = 40 + change.key.length + (change.dictionary?.length ?? 0);
  for (const member of change.strings ?? change.added ?? []) characters += member.length;
  for (const member of change.removed ?? []) characters += member.length;
  return characters;
}

/** Brings an item to where the change left it. */
export function applyChange(item: MutableItem, change: ItemChange): void {
  if (change.gone === true) {
    clearItem(item);
    item.expiresAtMs = ABSENT;
    return;
  }
  if (change.fresh === true) clearItem(item);
  if (change.count !== undefined) item.count = change.count ?? undefined;
  if (change.dictionary !== undefined) item.dictionary = change.dictionary ?? undefined;
  if (change.endsAtMs !== undefined) item.expiresAtMs = change.endsAtMs ?? NEVER;
  if (change.strings !== undefined)
    item.strings = change.strings === null ? undefined : new Set(change.strings);
  if (change.added !== undefined) {
    item.strings ??= new Set();
    for (const member of change.added) item.strings.add(member);
  }
  for (const member of change.removed ?? []) item.strings?.delete(member);
}

/** Changes of several commits by key, each key's in their order. */
export type ChangesByKey = Map<string, ItemChange[]>;

/** Adds the changes of one journal row. What came before an item began anew no longer matters. */
export function collectChanges(byKey: ChangesByKey, text: string): void {
  for (const change of JSON.parse(text) as ItemChange[]) {
    const earlier = byKey.get(change.key);
    if (earlier === undefined || change.fresh === true || change.gone === true)
      byKey.set(change.key, [change]);
    else earlier.push(change);
  }
}
