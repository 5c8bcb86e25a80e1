import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

import * as fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";

import { createCommittedFile, type FileOpener } from "../../src/destinations/committed-file.ts";
import type { CommittedFile, OpenedFile } from "../../src/destinations/destination.ts";
import { faultyDisk, temporaryFolder } from "./fixtures.ts";

interface Opened {
  readonly file: CommittedFile;
  readonly opened: OpenedFile;
}

async function openAt(path: string, committedBytes?: number, opener?: FileOpener): Promise<Opened> {
  const file = createCommittedFile(path, opener === undefined ? {} : { opener });
  const opened = await file.open(committedBytes);
  onTestFinished(() => file.close());
  return { file, opened };
}

/** A path for a file with this content, or for none. */
function fileWith(content?: string): string {
  const path = join(temporaryFolder(), "alerts.jsonl");
  if (content !== undefined) writeFileSync(path, content);
  return path;
}

function contentOf(path: string): string {
  return readFileSync(path, "utf8");
}

describe("appending", () => {
  test("lines follow each other and the answer is the length", async () => {
    const path = fileWith();
    const { file, opened } = await openAt(path);
    expect(opened).toEqual({ bytes: 0 });
    expect(await file.append(["one\n", "zwölf\n"])).toBe(11);
    expect(await file.append(["three\n"])).toBe(17);
    expect(contentOf(path)).toBe("one\nzwölf\nthree\n");
  });

  test("more than one piece", async () => {
    const path = fileWith();
    const { file } = await openAt(path);
    const lines = Array.from({ length: 50 }, (_, n) => `${n}${"é".repeat(50_000)}\n`);
    expect(await file.append(lines)).toBe(Buffer.byteLength(lines.join("")));
    expect(contentOf(path)).toBe(lines.join(""));
  });

  test("nothing appended changes nothing", async () => {
    const path = fileWith("a\n");
    const { file } = await openAt(path, 2);
    expect(await file.append([])).toBe(2);
  });

  test("only its owner may read a new file", async () => {
    const path = fileWith();
    await openAt(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("the path is absolute", () => {
    expect(createCommittedFile("a.jsonl").path).toBe(join(process.cwd(), "a.jsonl"));
  });

  test("a disk that takes three bytes at a time", async () => {
    const path = fileWith();
    const { file } = await openAt(path, undefined, faultyDisk({ writeBytesMax: 3 }));
    expect(await file.append(["one\n", "two\n", "three\n"])).toBe(14);
    expect(contentOf(path)).toBe("one\ntwo\nthree\n");
  });

  test("without open it is refused", async () => {
    await expect(createCommittedFile(fileWith()).append(["a\n"])).rejects.toThrow("is not open");
  });
});

describe("opening again", () => {
  test("cuts off what no commit knows", async () => {
    const path = fileWith("kept\nlost\nhal");
    const { file, opened } = await openAt(path, 5);
    expect(opened).toEqual({ bytes: 5 });
    expect(contentOf(path)).toBe("kept\n");
    await file.append(["new\n"]);
    expect(contentOf(path)).toBe("kept\nnew\n");
  });

  test("keeps what is there when this state never wrote to it", async () => {
    const path = fileWith("theirs\n");
    const { file, opened } = await openAt(path);
    expect(opened).toEqual({ bytes: 7 });
    await file.append(["ours\n"]);
    expect(contentOf(path)).toBe("theirs\nours\n");
  });

  test("ends a last line that has no end, once", async () => {
    const path = fileWith("theirs");
    expect((await openAt(path)).opened).toEqual({ bytes: 7 });
    expect((await openAt(path)).opened).toEqual({ bytes: 7 });
    expect(contentOf(path)).toBe("theirs\n");
  });

  test("a shorter file is continued with a warning", async () => {
    const path = fileWith("one\ntw");
    const { file, opened } = await openAt(path, 100);
    expect(opened.bytes).toBe(7);
    expect(opened.warning).toContain(path);
    expect(opened.warning).toContain("100");
    await file.append(["new\n"]);
    expect(contentOf(path)).toBe("one\ntw\nnew\n");
  });

  test("a missing file is begun anew with a warning", async () => {
    const path = fileWith();
    const { opened } = await openAt(path, 100);
    expect(opened.bytes).toBe(0);
    expect(opened.warning).toContain("missing");
  });

  test("a file that is created when needed is not there before its first line", async () => {
    const path = fileWith();
    const file = createCommittedFile(path, { create: "when-needed" });
    onTestFinished(() => file.close());
    expect(await file.open(undefined)).toEqual({ bytes: 0 });
    expect(await file.append([])).toBe(0);
    expect(() => statSync(path)).toThrow("ENOENT");
    expect(await file.append(["a\n"])).toBe(2);
    expect(contentOf(path)).toBe("a\n");
  });

  test("a file that is created when needed is looked for in its folder when it is opened", async () => {
    const path = join(temporaryFolder(), "missing", "dead.jsonl");
    const file = createCommittedFile(path, { create: "when-needed" });
    await expect(file.open(undefined)).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
  });

  test("a missing file to which nothing was written needs no warning", async () => {
    expect((await openAt(fileWith(), 0)).opened).toEqual({ bytes: 0 });
  });

  test("a symbolic link leads to its file", async () => {
    const path = fileWith("kept\nlost\n");
    symlinkSync(path, `${path}.link`);
    await openAt(`${path}.link`, 5);
    expect(contentOf(path)).toBe("kept\n");
  });

  test("killed before or after any commit, each line is there once", async () => {
    const batch = fc.record({
      lines: fc.array(fc.string({ maxLength: 5 }), { maxLength: 4 }),
      killed: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 12 }), async (batches) => {
        const path = join(temporaryFolderOnce(), "property.jsonl");
        rmSync(path, { force: true });
        let file = createCommittedFile(path);
        let committed = (await file.open(undefined)).bytes;
        let expected = "";
        for (const { lines, killed } of batches) {
          const ended = lines.map((line) => `${JSON.stringify(line)}\n`);
          const bytes = await file.append(ended);
          if (!killed) {
            committed = bytes;
            expected += ended.join("");
            continue;
          }
          await file.close();
          file = createCommittedFile(path);
          expect(await file.open(committed)).toEqual({ bytes: committed });
        }
        await file.close();
        expect(contentOf(path)).toBe(expected);
      }),
      { numRuns: 30 },
    );
  });
});

let propertyFolder: string | undefined;
function temporaryFolderOnce(): string {
  propertyFolder ??= temporaryFolder();
  return propertyFolder;
}

async function failureOf(path: string, opener?: FileOpener): Promise<unknown> {
  return await openAt(path, undefined, opener).then(
    () => "it opened",
    (error: unknown) => error,
  );
}

describe("failures are OUTPUT_UNWRITABLE and name the file", () => {
  test("the folder is missing", async () => {
    const path = join(temporaryFolder(), "missing", "alerts.jsonl");
    expect(await failureOf(path)).toMatchObject({
      code: "OUTPUT_UNWRITABLE",
      fields: { file: path },
      message: expect.stringMatching(
        /missing\/alerts\.jsonl: the folder .*\/missing does not exist/,
      ) as string,
    });
  });

  test("the folder is a file", async () => {
    const path = fileWith("x");
    expect(await failureOf(join(path, "alerts.jsonl"))).toMatchObject({
      code: "OUTPUT_UNWRITABLE",
      message: expect.stringContaining("is not a folder") as string,
    });
  });

  test("the path is a folder", async () => {
    const path = join(temporaryFolder(), "folder");
    mkdirSync(path);
    expect(await failureOf(path)).toMatchObject({
      code: "OUTPUT_UNWRITABLE",
      message: expect.stringContaining("is a folder") as string,
    });
  });

  test.each([
    ["EACCES", "permission"],
    ["EROFS", "read-only"],
    ["EIO", "fault of the test"],
  ])("opening fails with %s", async (openCode, words) => {
    expect(await failureOf(fileWith(), faultyDisk({ openCode }))).toMatchObject({
      code: "OUTPUT_UNWRITABLE",
      message: expect.stringContaining(words) as string,
    });
  });

  test("the disk is full: nothing half written is left, and the file goes on when there is room", async () => {
    const path = fileWith();
    const { file } = await openAt(path, undefined, faultyDisk({ capacityBytes: 10 }));
    await file.append(["one\n"]);
    await expect(file.append(["two\n", "three\n"])).rejects.toMatchObject({
      code: "OUTPUT_UNWRITABLE",
      retryable: true,
      message: expect.stringContaining("disk is full") as string,
    });
    expect(contentOf(path)).toBe("one\n");
    const again = await openAt(path, 4);
    await again.file.append(["two\n"]);
    expect(contentOf(path)).toBe("one\ntwo\n");
  });

  test("the disk is full and cannot cut either: the next open does", async () => {
    const path = fileWith();
    const { file } = await openAt(path, undefined, faultyDisk({ capacityBytes: 6, truncateCode: "EIO" }));
    await file.append(["one\n"]);
    await expect(file.append(["two\n"])).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
    expect(contentOf(path)).toBe("one\ntw");
    await openAt(path, 4);
    expect(contentOf(path)).toBe("one\n");
  });

  test("another program writes to it: its lines are not overwritten", async () => {
    const path = fileWith();
    const { file } = await openAt(path);
    await file.append(["ours\n"]);
    appendFileSync(path, "theirs\n");
    await expect(file.append(["more\n"])).rejects.toMatchObject({
      code: "OUTPUT_UNWRITABLE",
      message: expect.stringContaining("another program") as string,
    });
    expect(contentOf(path)).toBe("ours\ntheirs\n");
  });
});

describe("devices and pipes", () => {
  test("/dev/null takes everything, whatever was committed", async () => {
    const { file, opened } = await openAt("/dev/null", 500);
    expect(opened).toEqual({ bytes: 0 });
    expect(await file.append(["one\n"])).toBe(4);
    expect(await file.append(["two\n"])).toBe(8);
  });

  test("/dev/full is a full disk", async () => {
    const { file } = await openAt("/dev/full");
    await expect(file.append(["one\n"])).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
  });

  test("a named pipe passes the lines on", async () => {
    const path = join(temporaryFolder(), "pipe");
    execFileSync("sh", ["-c", `mkfifo "$1"`, "sh", path]);
    const [{ file }, reader] = await Promise.all([openAt(path), open(path, "r")]);
    await file.append(["one\n"]);
    await file.append(["two\n"]);
    await file.close();
    expect(await reader.readFile("utf8")).toBe("one\ntwo\n");
    await reader.close();
  });
});
