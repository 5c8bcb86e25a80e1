import { execFile } from "node:child_process";
import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join, posix, resolve } from "node:path";

import { messageOf, StakeoutError } from "../core/errors.ts";

export interface BaselineOptions {
  /** A folder, or what git knows as a commit: a branch, a tag, `HEAD~3`. A folder of the name comes first. */
  readonly baseline: string;
  /** The rules of the current version; at a commit the same paths are taken. */
  readonly rules: readonly string[];
  /** A folder to extract into, made where it is needed. Each repository gets one of its own below, named by a number. */
  readonly folder: string;
}

/**
 * Finds the rule files and folders of the other version. That of a commit is read from git's objects: no working tree, index or branch is
 * touched. Throws `USAGE` when there is no such folder or commit, no repository, or no such path at that commit.
 */
export async function resolveBaseline(options: BaselineOptions): Promise<readonly string[]> {
  const { baseline, rules, folder } = options;
  if (existsSync(baseline) && statSync(baseline).isDirectory()) {
    return [resolve(baseline)];
  }
  const roots = new Map<string, string>();
  const extracted: string[] = [];
  for (const path of rules) {
    const place = await placeInRepository(path, baseline);
    let root = roots.get(place.top);
    if (root === undefined) {
      root = join(folder, String(roots.size));
      await extract(place.top, baseline, root);
      roots.set(place.top, root);
    }
    const inRoot = join(root, place.path);
    if (!existsSync(inRoot)) {
      throw usage(`There is no ${place.path} at ${baseline} in ${place.top}, so nothing to compare with.`);
    }
    linkPackages(place, root);
    extracted.push(inRoot);
  }
  return extracted;
}

interface Place {
  /** The repository's working tree. */
  readonly top: string;
  /** From there, with slashes, never empty. */
  readonly path: string;
}

async function placeInRepository(path: string, baseline: string): Promise<Place> {
  if (!existsSync(path)) throw usage(`There are no rules at ${path}: no such file or folder.`);
  const isFolder = statSync(path).isDirectory();
  const from = isFolder ? path : dirname(path);
  const answer = await git(from, ["rev-parse", "--show-toplevel", "--show-prefix"]).catch(
    (error: unknown) => {
      throw usage(
        `There is no folder ${baseline}, and no git repository around ${resolve(path)} to look for a commit of that ` +
          `name: ${messageOf(error)}`,
        error,
      );
    },
  );
  const [top = "", prefix = ""] = answer.toString().split("\n");
  return { top, path: posix.join(prefix, isFolder ? "." : basename(path)) };
}

interface TreeFile {
  readonly object: string;
  readonly path: string;
}

/** Kinds of files that rules are or can import, wherever in the repository they are. */
const sourceFile = /\.(?:ts|mts|js|mjs|json|py|ya?ml)$/;

/** Writes the source files of a commit below a folder. */
async function extract(top: string, commit: string, root: string): Promise<void> {
  const sha = await git(top, [
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${commit}^{commit}`,
  ]).catch((error: unknown) => {
    const message = `There is neither a folder ${commit} nor a commit of that name in the repository ${top}.`;
    throw usage(message, error);
  });
  const files = treeFiles(await git(top, ["ls-tree", "-r", "-z", "--full-tree", sha.toString().trim()]));
  mkdirSync(root, { recursive: true });
  if (files.length === 0) return;
  const wanted = files.map(({ object }) => `${object}\n`).join("");
  const blobs = blobsOf(await git(top, ["cat-file", "--batch"], wanted));
  for (const { path } of files) {
    const blob = blobs.next();
    if (blob.done === true) throw usage(`git did not give ${path} at ${commit}.`);
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, blob.value);
  }
}

/** Plain files among what `git ls-tree -z` lists. A link's text is not followed, a submodule has no files here. */
function treeFiles(listing: Buffer): readonly TreeFile[] {
  return listing
    .toString()
    .split("\0")
    .flatMap((line) => {
      const [, object, path] = /^100\d{3} blob ([0-9a-f]+)\t(.+)$/s.exec(line) ?? [];
      return object !== undefined && path !== undefined && sourceFile.test(path) ? [{ object, path }] : [];
    });
}

/** The contents in what `git cat-file --batch` answers: a line with the size, that many bytes, a line end. */
function* blobsOf(answer: Buffer): Generator<Buffer, void, void> {
  for (let start = 0; start < answer.length;) {
    const headEnd = answer.indexOf("\n", start);
    const size = Number(answer.toString("latin1", start, headEnd).split(" ")[2]);
    if (!Number.isSafeInteger(size)) return;
    yield answer.subarray(headEnd + 1, headEnd + 1 + size);
    start = headEnd + 1 + size + 1;
  }
}

/** Lets extracted rules import the packages that the working tree has installed; git does not keep those. */
function linkPackages({ top, path }: Place, root: string): void {
  for (let folder = path; ; folder = posix.dirname(folder)) {
    const packages = join(top, folder, "node_modules");
    const link = join(root, folder, "node_modules");
    if (existsSync(packages) && existsSync(dirname(link)) && !existsSync(link)) symlinkSync(packages, link);
    if (folder === ".") return;
  }
}

/** Bytes that one call of git may answer. */
const answerBytesMax = 512 * 1024 * 1024;

/** Variables by which git finds a repository other than that around a folder; git sets them for hooks. */
const placeVariables = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY"];

function git(folder: string, args: readonly string[], input = ""): Promise<Buffer> {
  const env = { ...process.env };
  for (const name of placeVariables) delete env[name];
  const { promise, resolve: succeed, reject } = Promise.withResolvers<Buffer>();
  const options = { cwd: folder, env, encoding: "buffer", maxBuffer: answerBytesMax } as const;
  const child = execFile("git", args, options, (error, stdout, stderr) => {
    if (error === null) return succeed(stdout);
    const missing = error.code === "ENOENT";
    reject(new Error(missing ? "git is not installed" : firstLine(stderr.toString()) || error.message));
  });
  // A git that ended early takes no more input; its exit says why.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input);
  return promise;
}

function firstLine(text: string): string {
  return (
    text
      .trim()
      .split("\n", 1)[0]
      ?.replace(/^fatal: /, "") ?? ""
  );
}

function usage(message: string, cause?: unknown): StakeoutError {
  return new StakeoutError("USAGE", message, { cause });
}
