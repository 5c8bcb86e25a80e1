import type { Chance } from "../chance.ts";

export interface Tearing {
  /** What the last sync made durable. */
  readonly durable: Buffer;
  /** What programs saw. */
  readonly current: Buffer;
  /** Bytes that the disk writes together. */
  readonly sectorBytes: number;
}

/**
 * What a power failure leaves of a file: any length between the two, and each sector as it was, as it was going to
 * be, or, where there was none before, empty.
 */
export function tear({ durable, current, sectorBytes }: Tearing, chance: Chance): Buffer {
  const shorter = Math.min(durable.length, current.length);
  const length = chance.between(shorter, Math.max(durable.length, current.length));
  const torn = Buffer.alloc(length);
  const likely = chance.pick([0, 0.5, 0.9, 1]);
  for (let at = 0; at < length; at += sectorBytes) {
    const end = Math.min(length, at + sectorBytes);
    const from = chance.happens(likely) ? current : durable;
    if (at < from.length) from.copy(torn, at, at, end);
  }
  return torn;
}
