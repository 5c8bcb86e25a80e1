const mebibyte: number = 1024 * 1024;

/** Bounds on what comes from a package index. docs/python-packages.md lists them. */
export interface PackageLimits {
  /** Most bytes of the page that lists the files of one package. */
  readonly indexBytesMax: number;
  /** Most bytes of the metadata of one wheel. */
  readonly metadataBytesMax: number;
  /** Most bytes of one wheel. */
  readonly wheelBytesMax: number;
  /** Most files in one wheel. */
  readonly wheelEntriesMax: number;
  /** Most bytes of all files of one wheel, unpacked. */
  readonly wheelUnpackedBytesMax: number;
  /** Most bytes of a lock file. */
  readonly lockBytesMax: number;
  /** Most versions that may fail while packages that fit together are looked for. */
  readonly attemptsMax: number;
}

export const packageLimits: PackageLimits = {
  indexBytesMax: 64 * mebibyte,
  metadataBytesMax: 4 * mebibyte,
  wheelBytesMax: 128 * mebibyte,
  wheelEntriesMax: 50_000,
  wheelUnpackedBytesMax: 256 * mebibyte,
  lockBytesMax: 16 * mebibyte,
  attemptsMax: 500,
};
