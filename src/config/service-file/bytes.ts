const unitBytes: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** How a size is written: an amount and a unit. */
export const sizePattern: RegExp = /^(\d+(?:\.\d+)?)\s*(B|[kKMGT]B|[KMGT]iB)$/;

/** A size such as `16MiB`, `1.5GB` or a number of bytes, in whole bytes; `undefined` when it is none. */
export function parseBytes(size: string | number): number | undefined {
  if (typeof size === "number") return Number.isSafeInteger(size) && size >= 0 ? size : undefined;
  const [, amount, unit] = sizePattern.exec(size) ?? [];
  const bytes = Math.round(Number(amount) * (unitBytes[unit ?? ""] ?? Number.NaN));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest way to write exactly so many bytes: `16MiB`, or the number. */
export function formatBytes(bytes: number): string | number {
  for (const unit of ["TiB", "GiB", "MiB", "KiB"]) {
    const size = unitBytes[unit] ?? 1;
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return bytes;
}
