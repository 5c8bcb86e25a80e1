import type { Chance } from "../sim/chance.ts";

/** Longest input that mutations make, in bytes: longer ones find little and take their time. */
const inputBytesMax = 4096;

/** What mutations are made of. */
export interface Material {
  /** At least one. */
  readonly corpus: readonly Buffer[];
  readonly words: readonly Buffer[];
}

/** A new input: one of the corpus, changed in one to eight places. */
export function mutate({ corpus, words }: Material, chance: Chance): Buffer {
  let bytes: Buffer = Buffer.from(corpus[chance.below(corpus.length)] ?? Buffer.alloc(0));
  for (let changes = 1 + chance.below(8); changes > 0; changes--)
    bytes = change(bytes, { corpus, words }, chance);
  return bytes.subarray(0, inputBytesMax);
}

function change(bytes: Buffer, { corpus, words }: Material, chance: Chance): Buffer {
  const at = chance.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + chance.below(16));
  const replaced = (piece: Uint8Array, from: number, to: number): Buffer =>
    Buffer.concat([bytes.subarray(0, from), piece, bytes.subarray(to)]);
  switch (chance.below(7)) {
    case 0:
      return replaced(Buffer.of(chance.below(256)), at, Math.min(bytes.length, at + 1));
    case 1:
      return replaced(
        Buffer.of((bytes[at] ?? 0) ^ (1 << chance.below(8))),
        at,
        Math.min(bytes.length, at + 1),
      );
    case 2:
      return replaced(Buffer.alloc(0), at, end);
    case 3:
      return replaced(Buffer.concat([bytes.subarray(at, end), bytes.subarray(at, end)]), at, end);
    case 4:
      return bytes.subarray(0, at);
    case 5: {
      const other = corpus[chance.below(corpus.length)] ?? Buffer.alloc(0);
      const from = chance.below(other.length + 1);
      return replaced(other.subarray(from, from + 1 + chance.below(64)), at, at);
    }
    default:
      return replaced(
        words[chance.below(words.length)] ?? Buffer.alloc(0),
        at,
        chance.happens(0.5) ? at : end,
      );
  }
}
