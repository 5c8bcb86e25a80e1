import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { messageOf } from "../../core/errors.ts";
import { type FollowedFile, keyOf } from "./followed-file.ts";
import { type PlacedFile, placedFile } from "./places.ts";

/** What came of opening a file. */
export type Opening =
  | { readonly kind: "open"; readonly descriptor: number }
  /** What stands at its path is something else, or nothing. */
  | { readonly kind: "gone" }
  | { readonly kind: "refused"; readonly why: string };

/** Files that are open. Those that were used last stay so, up to a number, so that they can be read after they are removed. */
export class Handles {
  readonly #max: number;
  readonly #descriptors = new Map<FollowedFile, number>();
  readonly #pinned = new Set<FollowedFile>();

  constructor(max: number) {
    this.#max = max;
  }

  open(file: FollowedFile): Opening {
    const known = this.#descriptors.get(file);
    this.#descriptors.delete(file);
    const opening = known === undefined ? openFile(file) : ({ kind: "open", descriptor: known } as const);
    if (opening.kind !== "open") return opening;
    if (this.#descriptors.size >= this.#max) this.#closeOldest();
    this.#descriptors.set(file, opening.descriptor);
    return opening;
  }

  /** Size and time of change of a file that is open, wherever it stands. */
  look(file: FollowedFile): PlacedFile | undefined {
    const descriptor = this.#descriptors.get(file);
    if (descriptor === undefined) return undefined;
    return placedFile(file.path, fstatSync(descriptor, { bigint: true }));
  }

  /** Keeps a file open however long it is not used. */
  pin(file: FollowedFile): void {
    this.#pinned.add(file);
  }

  unpin(file: FollowedFile): void {
    this.#pinned.delete(file);
  }

  close(file: FollowedFile): void {
    const descriptor = this.#descriptors.get(file);
    if (descriptor === undefined) return;
    this.#descriptors.delete(file);
    closeSync(descriptor);
  }

  closeAll(): void {
    for (const file of this.#descriptors.keys()) this.close(file);
  }

  #closeOldest(): void {
    for (const file of this.#descriptors.keys()) {
      if (this.#pinned.has(file)) continue;
      this.close(file);
      return;
    }
  }
}

function openFile(file: FollowedFile): Opening {
  try {
    // A pipe that has taken the file's place would make an ordinary opening wait.
    const descriptor = openSync(file.path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor, { bigint: true });
    if (stats.isFile() && keyOf(placedFile(file.path, stats)) === file.key)
      return { kind: "open", descriptor };
    closeSync(descriptor);
    return { kind: "gone" };
  } catch (error) {
    const isGone = error instanceof Error && "code" in error && error.code === "ENOENT";
    return isGone ? { kind: "gone" } : { kind: "refused", why: messageOf(error) };
  }
}
