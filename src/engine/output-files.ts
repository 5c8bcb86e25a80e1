import type { MaybePromise } from "../core/json.ts";
import type { CommittedFile } from "../destinations/destination.ts";
import type { EntryWrite, StateStore } from "../state/store.ts";

const kind = "output-file";

/**
 * Files whose lengths are part of the commit. Lines are made durable before the commit that knows the new length, so a
 * process that dies in between leaves a tail that the next run cuts off and writes again.
 */
export class OutputFiles {
  readonly #earlierBytes: Readonly<Record<string, number>>;
  readonly #lengths = new Map<CommittedFile, number>();
  readonly #changed = new Set<CommittedFile>();

  /** `earlierBytes`: lengths by path of files that the state does not know. */
  constructor(earlierBytes: Readonly<Record<string, number>> = {}) {
    this.#earlierBytes = earlierBytes;
  }

  /** Lengths by path. */
  get bytes(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#lengths].map(([{ path }, bytes]) => [path, bytes]));
  }

  /** Bytes of a file, without those of the batch under way; 0 before it is opened. */
  bytesOf(file: CommittedFile): number {
    return this.#lengths.get(file) ?? 0;
  }

  /** Opens a file as the last commit left it. Answers a warning for people, if there is something to say. */
  async open(file: CommittedFile, store: StateStore): Promise<string | undefined> {
    const entry = await store.readEntry(kind, file.path);
    const stored = entry?.["bytes"];
    const committedBytes = typeof stored === "number" ? stored : this.#earlierBytes[file.path];
    const opened = await file.open(committedBytes);
    this.#lengths.set(file, opened.bytes);
    if (opened.bytes !== committedBytes) this.#changed.add(file);
    return opened.warning;
  }

  append(file: CommittedFile, lines: readonly string[]): MaybePromise<void> {
    if (lines.length === 0) return;
    const appended = file.append(lines);
    const keep = (bytes: number): void => {
      this.#lengths.set(file, bytes);
      this.#changed.add(file);
    };
    return typeof appended === "number" ? keep(appended) : appended.then(keep);
  }

  takeWrites(): EntryWrite[] {
    const writes = [...this.#changed].map((file) => ({
      kind,
      key: file.path,
      value: { bytes: this.#lengths.get(file) ?? 0 },
    }));
    this.#changed.clear();
    return writes;
  }

  async close(): Promise<void> {
    for (const file of this.#lengths.keys()) await file.close();
  }
}
