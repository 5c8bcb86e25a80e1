import { describe, expect, test } from "vitest";

import {
  findCandidates,
  type CandidateQuery,
  type CandidateResult,
} from "../../../../src/rules/python/packages/candidates.ts";
import type { ProjectFile } from "../../../../src/rules/python/packages/index-page.ts";
import { projectFile } from "./fixtures.ts";

function wheel(version: string, parts: Partial<ProjectFile> & { readonly tag?: string } = {}): ProjectFile {
  const { tag = "py3-none-any", ...rest } = parts;
  return projectFile(`demo-${version}-${tag}.whl`, rest);
}

function find(files: readonly ProjectFile[], parts: Partial<CandidateQuery> = {}): CandidateResult {
  return findCandidates({ name: "demo", files, specifiers: [""], preferred: undefined, ...parts });
}

function versions(files: readonly ProjectFile[], parts: Partial<CandidateQuery> = {}): readonly string[] {
  return find(files, parts).candidates.map(({ version }) => version);
}

test("newest first, in the order of versions and not of text", () => {
  expect(versions([wheel("1.9"), wheel("1.10"), wheel("1.2.post1"), wheel("1!0.1")])).toEqual([
    "1!0.1",
    "1.10",
    "1.9",
    "1.2.post1",
  ]);
});

test("the version of the lock comes before newer ones", () => {
  expect(versions([wheel("1.0"), wheel("1.1"), wheel("1.2")], { preferred: "1.1" })).toEqual([
    "1.1",
    "1.2",
    "1.0",
  ]);
});

test("all specifiers count", () => {
  const files = [wheel("1.0"), wheel("1.1"), wheel("1.2")];
  expect(versions(files, { specifiers: [">1.0", "<1.2"] })).toEqual(["1.1"]);
});

test("wheels of other packages and versions that are none are passed over", () => {
  expect(versions([wheel("1.0"), wheel("nightly"), projectFile("demo_two-2.0-py3-none-any.whl")])).toEqual([
    "1.0",
  ]);
});

test("the highest build of a version is taken", () => {
  const { candidates } = find([
    wheel("1.0", { tag: "2-py3-none-any" }),
    wheel("1.0", { tag: "10-py3-none-any" }),
  ]);
  expect(candidates.map((each) => each.wheel.file)).toEqual(["demo-1.0-10-py3-none-any.whl"]);
});

describe("pre-releases", () => {
  const files = [wheel("1.0"), wheel("2.0rc1")];

  test("are left out while there is a final version", () => {
    expect(versions(files)).toEqual(["1.0"]);
  });

  test("count when a specifier names one", () => {
    expect(versions(files, { specifiers: [">=2.0rc1"] })).toEqual(["2.0rc1"]);
    expect(versions(files, { specifiers: [">=0.1a1"] })).toEqual(["2.0rc1", "1.0"]);
  });

  test("count when there is nothing else", () => {
    expect(versions(files, { specifiers: [">1.0"] })).toEqual(["2.0rc1"]);
  });
});

describe("versions that were taken back", () => {
  const files = [wheel("1.0"), wheel("1.1", { yanked: true })];

  test("are left out", () => {
    expect(versions(files)).toEqual(["1.0"]);
    expect(versions(files, { specifiers: ["==1.*"] })).toEqual(["1.0"]);
  });

  test("count when exactly they are asked for, or locked", () => {
    expect(versions(files, { specifiers: ["==1.1"] })).toEqual(["1.1"]);
    expect(versions(files, { preferred: "1.1" })).toEqual(["1.1", "1.0"]);
  });
});

test("a version for another Python is left out; what cannot be read about it is not", () => {
  const files = [
    wheel("1.0"),
    wheel("1.1", { requiresPython: "<3.10" }),
    wheel("0.9", { requiresPython: "three" }),
  ];
  expect(versions(files)).toEqual(["1.0", "0.9"]);
});

describe("why there is none", () => {
  interface Case {
    readonly why: string;
    readonly files: readonly ProjectFile[];
    readonly specifier?: string;
    readonly unusable: boolean;
    readonly missing: RegExp;
  }

  const compiled = { tag: "cp314-cp314-win_amd64" };
  const cases: readonly Case[] = [
    { why: "nothing in the index", files: [], unusable: false, missing: /not in the index/ },
    {
      why: "compiled code only, of which the newest is named",
      files: [wheel("1.0", compiled), wheel("1.1", compiled)],
      unusable: true,
      missing: /^1\.1 .*compiled code/,
    },
    {
      why: "source only",
      files: [projectFile("demo-1.0.tar.gz")],
      unusable: true,
      missing: /source archives/,
    },
    {
      why: "another Python",
      files: [wheel("1.0", { requiresPython: ">=3.15" })],
      unusable: true,
      missing: /asks for Python >=3\.15/,
    },
    { why: "taken back", files: [wheel("1.0", { yanked: true })], unusable: true, missing: /taken back/ },
    {
      why: "other versions",
      files: [wheel("1.0"), wheel("1.1")],
      specifier: ">2",
      unusable: false,
      missing: /it has 1\.1, 1\.0/,
    },
  ];

  test.each(cases)("$why", ({ files, specifier = "", unusable, missing }) => {
    expect(find(files, { specifiers: [specifier] })).toEqual({
      candidates: [],
      unusable,
      missing: expect.stringMatching(missing),
    });
  });
});
