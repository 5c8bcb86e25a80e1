import type { FollowedFile } from "./followed-file.ts";

/** Files that something may be read from, in turn. Compressed files wait for each other, and take turns with the others. */
export class Queue {
  readonly #plain = new Set<FollowedFile>();
  readonly #packed = new Set<FollowedFile>();
  #turn = this.#plain.values();
  #packedLast = false;

  add(file: FollowedFile): void {
    (file.compressed === true ? this.#packed : this.#plain).add(file);
  }

  /** Takes out the next file. `begun` is a compressed file that must come to its end before another one. */
  take(begun: FollowedFile | undefined): FollowedFile | undefined {
    this.#packedLast = !this.#packedLast;
    const file = this.#packedLast
      ? (this.#takePacked(begun) ?? this.#takePlain())
      : (this.#takePlain() ?? this.#takePacked(begun));
    return file;
  }

  #takePacked(begun: FollowedFile | undefined): FollowedFile | undefined {
    const [first] = this.#packed;
    const file = begun ?? first;
    return file !== undefined && this.#packed.delete(file) ? file : undefined;
  }

  #takePlain(): FollowedFile | undefined {
    for (let left = this.#plain.size; left > 0; left--) {
      const file = this.#nextPlain();
      if (file === undefined) return undefined;
      this.#plain.delete(file);
      if (!this.#mustWait(file)) return file;
      this.#plain.add(file);
    }
    return undefined;
  }

  /** Goes on where it stopped: to begin anew each time would mean to pass over all that was taken out before. */
  #nextPlain(): FollowedFile | undefined {
    const next = this.#turn.next();
    if (next.done !== true) return next.value;
    this.#turn = this.#plain.values();
    return this.#turn.next().value;
  }

  /** What was written to a path first is read first. */
  #mustWait(file: FollowedFile): boolean {
    if (file.earlier !== undefined && !this.#plain.has(file.earlier)) file.earlier = undefined;
    return file.earlier !== undefined;
  }
}
