import { type BigIntStats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { messageOf } from "../../core/errors.ts";
import { isPattern, Walk } from "../files/find-files.ts";

/** A regular file, and where it stands now. */
export interface PlacedFile {
  /** Real and absolute. */
  readonly path: string;
  readonly device: string;
  readonly inode: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/** What is there at one time. */
export interface Sighting {
  /** Each path once; hard links are several. */
  readonly files: readonly PlacedFile[];
  /** Folders in which files may appear. */
  readonly folders: ReadonlySet<string>;
}

/** What stands in for bytes of a name that are not UTF-8. */
const replacement = "\uFFFD";

/** The files and folders that are followed. Nothing that is missing or cannot be read is an error: it may come. */
export class Places {
  readonly #paths: readonly string[];
  readonly #warn: (message: string) => void;
  /** What is told already, for as long as it lasts. */
  #told: ReadonlySet<string> = new Set();

  constructor(paths: readonly string[], warn: (message: string) => void) {
    this.#paths = paths;
    this.#warn = warn;
  }

  look(): Sighting {
    const files: PlacedFile[] = [];
    const folders = new Set<string>();
    const notices = new Set<string>();
    const walk = new Walk<BigIntStats>({
      stat: (path) => statSync(path, { throwIfNoEntry: false, bigint: true }),
      folder: (path) => void folders.add(path),
      file(path, stats) {
        files.push(placedFile(path, stats));
        folders.add(dirname(path));
      },
      refused(path, why, isNamed) {
        const notice = refusal(path, why, isNamed);
        if (notice !== undefined) notices.add(notice);
      },
    });
    for (const path of this.#paths) {
      if (!walk.start(path)) notices.add(`there is nothing at ${path} yet; it is followed when it appears`);
      if (!isFolder(path)) folders.add(folderOf(path));
    }
    this.#tell(notices);
    return { files, folders };
  }

  #tell(notices: ReadonlySet<string>): void {
    for (const notice of notices) if (!this.#told.has(notice)) this.#warn(notice);
    this.#told = notices;
  }
}

export function placedFile(path: string, stats: BigIntStats): PlacedFile {
  const { dev, ino, size, mtimeNs } = stats;
  return {
    path,
    device: String(dev),
    inode: String(ino),
    size: Number(size),
    mtimeMs: Number(mtimeNs) / 1e6,
  };
}

/** What to tell of something that cannot be followed; nothing where it may just have been removed. */
function refusal(path: string, why: unknown, isNamed: boolean): string | undefined {
  if (path.includes(replacement)) return `cannot follow ${path}: its name is not UTF-8 text; rename it`;
  if (typeof why === "string" && !isNamed) return undefined;
  return `cannot follow ${path}: ${messageOf(why)}`;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}

/** The folder in which something new shows that a path or pattern stands for, as far as its beginning tells. */
function folderOf(path: string): string {
  let folder = dirname(resolve(path));
  while (isPattern(folder)) folder = dirname(folder);
  return folder;
}
