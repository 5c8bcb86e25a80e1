import type { AnyNode } from "acorn";

/** Text to put around the nodes of a source text. Nothing is taken away and no line is added, so line numbers stay. */
export class Edits {
  readonly #code: string;
  readonly #before = new Map<number, string>();
  readonly #after = new Map<number, string>();

  constructor(code: string) {
    this.#code = code;
  }

  /** Puts text around a node. Of two nodes that begin or end together, the outer one has to be wrapped first. */
  wrap({ start, end }: AnyNode, before: string, after: string): void {
    this.#before.set(start, (this.#before.get(start) ?? "") + before);
    this.#after.set(end, after + (this.#after.get(end) ?? ""));
  }

  /** The source text with everything in its place. */
  apply(): string {
    const places = [...new Set([...this.#before.keys(), ...this.#after.keys()])].sort((a, b) => a - b);
    let text = "";
    let done = 0;
    for (const place of places) {
      text +=
        this.#code.slice(done, place) + (this.#after.get(place) ?? "") + (this.#before.get(place) ?? "");
      done = place;
    }
    return text + this.#code.slice(done);
  }
}
