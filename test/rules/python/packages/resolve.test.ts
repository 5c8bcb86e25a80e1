import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { ProjectFile } from "../../../../src/rules/python/packages/index-page.ts";
import { parseMetadata } from "../../../../src/rules/python/packages/metadata.ts";
import {
  resolvePackages,
  type Resolution,
  type ResolveIndex,
} from "../../../../src/rules/python/packages/resolve.ts";
import { makeWheel, projectFile, requirement, type WheelParts } from "./fixtures.ts";

/** An index in memory that counts what it is asked. */
function memoryIndex(wheels: readonly WheelParts[]): ResolveIndex & { readonly asked: string[] } {
  const made = wheels.map((parts) => ({ parts, ...makeWheel(parts) }));
  const asked: string[] = [];
  return {
    asked,
    files: async (name): Promise<readonly ProjectFile[]> =>
      made.filter(({ parts }) => (parts.name ?? "demo") === name).map(({ file }) => projectFile(file)),
    metadata: async ({ file }) => {
      asked.push(file);
      return parseMetadata(made.find((each) => each.file === file)?.metadata ?? "", file);
    },
  };
}

async function resolve(
  requested: readonly string[],
  wheels: readonly WheelParts[],
  preferred: Readonly<Record<string, string>> = {},
): Promise<Resolution> {
  const options = { index: memoryIndex(wheels), preferred: new Map(Object.entries(preferred)) };
  return resolvePackages(requested.map(requirement), options);
}

function shown({ packages }: Resolution): readonly string[] {
  return packages.map(({ name, version }) => `${name} ${version}`);
}

test("what a package needs comes with it", async () => {
  const resolution = await resolve(
    ["a"],
    [
      { name: "a", requires: ["b>=1", "c; python_version < '3'"] },
      { name: "b", version: "2.0", requires: ["d"] },
      { name: "c" },
      { name: "d" },
    ],
  );
  expect(shown(resolution)).toEqual(["a 1.0", "b 2.0", "d 1.0"]);
  expect(resolution.packages.map(({ requires }) => requires)).toEqual([["b"], ["d"], []]);
});

test("packages may need each other", async () => {
  const resolution = await resolve(
    ["a"],
    [
      { name: "a", requires: ["b"] },
      { name: "b", requires: ["a", "b"] },
    ],
  );
  expect(shown(resolution)).toEqual(["a 1.0", "b 1.0"]);
  expect(resolution.packages[1]?.requires).toEqual(["a"]);
});

describe("extras", () => {
  const wheels: readonly WheelParts[] = [
    { name: "a", extras: ["x", "y"], requires: ["b", "c; extra == 'x'", "d; extra == 'y'"] },
    { name: "b" },
    { name: "c" },
    { name: "d" },
    { name: "e", requires: ["a[y]"] },
    { name: "all", extras: ["every"], requires: ["all[some]; extra == 'every'", "b; extra == 'some'"] },
  ];

  test("only those that are asked for", async () => {
    expect(shown(await resolve(["a"], wheels))).toEqual(["a 1.0", "b 1.0"]);
    expect(shown(await resolve(["a[x]"], wheels))).toEqual(["a 1.0", "b 1.0", "c 1.0"]);
  });

  test("also when the package was chosen before", async () => {
    expect(shown(await resolve(["a", "e"], wheels))).toEqual(["a 1.0", "b 1.0", "d 1.0", "e 1.0"]);
  });

  test("an extra that asks for another of the same package", async () => {
    expect(shown(await resolve(["all[every]"], wheels))).toEqual(["all 1.0", "b 1.0"]);
  });

  test("one that does not exist is a warning", async () => {
    const resolution = await resolve(["a[z]"], wheels);
    expect(resolution.warnings).toEqual(['a has no extra "z".']);
  });
});

test("an older version is taken when the newest does not fit, and that is told", async () => {
  const resolution = await resolve(
    ["a", "b<2"],
    [
      { name: "a", version: "2.0", requires: ["b>=2"] },
      { name: "a", version: "1.0", requires: ["b"] },
      { name: "b", version: "1.5" },
      { name: "b", version: "2.5" },
    ],
  );
  expect(shown(resolution)).toEqual(["a 1.0", "b 1.5"]);
  expect(resolution.warnings).toEqual([
    expect.stringMatching(/^a 1\.0 is taken instead of 2\.0: .*a 2\.0 asks for b>=2/),
  ]);
});

test("an older version is taken when the newest needs compiled code", async () => {
  const resolution = await resolve(
    ["a"],
    [
      { name: "a", version: "2.0", requires: ["native"] },
      { name: "a", version: "1.0" },
      { name: "native", tag: "cp314-cp314-win_amd64" },
    ],
  );
  expect(shown(resolution)).toEqual(["a 1.0"]);
  expect(resolution.warnings[0]).toMatch(/native 1\.0 is only offered with compiled code/);
});

test("versions of the lock stay where they fit", async () => {
  const wheels = ["1.0", "2.0"].map((version) => ({ name: "a", version }));
  expect(shown(await resolve(["a"], wheels, { a: "1.0" }))).toEqual(["a 1.0"]);
  expect(shown(await resolve(["a>1"], wheels, { a: "1.0" }))).toEqual(["a 2.0"]);
});

test("what the wheel says about Python counts where the index says nothing", async () => {
  const wheels = [
    { name: "a", version: "1.0" },
    { name: "a", version: "2.0", requiresPython: ">=3.99" },
  ];
  expect(shown(await resolve(["a"], wheels))).toEqual(["a 1.0"]);
  await expect(resolve(["a==2.0"], wheels)).rejects.toMatchObject({ code: "PACKAGE_UNUSABLE" });
});

describe("what cannot be resolved", () => {
  const wheels: readonly WheelParts[] = [
    { name: "a", requires: ["c>=2"] },
    { name: "b", requires: ["c<2"] },
    { name: "c", version: "1.0" },
    { name: "c", version: "2.0" },
    { name: "d", requires: ["missing>1"] },
  ];

  test("a conflict names who asks for what", async () => {
    await expect(resolve(["a", "b"], wheels)).rejects.toMatchObject({
      code: "PACKAGE_CONFLICT",
      message: expect.stringMatching(/No version of c .*a 1\.0 asks for c>=2; b 1\.0 asks for c<2/),
    });
  });

  test("so does one with the user", async () => {
    await expect(resolve(["c==1.0", "a"], wheels)).rejects.toMatchObject({
      code: "PACKAGE_CONFLICT",
      message: expect.stringMatching(/You ask for c==1\.0; a 1\.0 asks for c>=2/),
    });
  });

  test("a package that does not exist names who needs it", async () => {
    await expect(resolve(["d"], wheels)).rejects.toMatchObject({
      code: "PACKAGE_NOT_FOUND",
      message: "missing is not in the index. d 1.0 asks for missing>1.",
    });
  });

  test("versions that are not to blame are not tried", async () => {
    const others = Array.from({ length: 30 }, (_, index) => ({ name: "wide", version: `1.${index}` }));
    const index = memoryIndex([...wheels, ...others]);
    const requested = ["wide", "d"].map(requirement);
    await expect(resolvePackages(requested, { index, preferred: new Map() })).rejects.toThrow(/missing/);
    expect(index.asked.filter((file) => file.startsWith("wide"))).toHaveLength(1);
  });

  test("a search that finds no end is given up", async () => {
    const many = ["p", "q"].flatMap((name) =>
      Array.from({ length: 60 }, (_, index) => ({
        name,
        version: `1.${index}`,
        requires: [name === "p" ? "r<2" : "r>=2"],
      })),
    );
    const all = ["1.0", "2.0"].map((version) => ({ name: "r", version }));
    await expect(resolve(["p", "q"], [...many, ...all])).rejects.toThrow(/first 500 versions/);
  });
});

/** Up to four packages with up to three versions each, that ask for each other at random. */
const universes = fc.array(
  fc.record({
    name: fc.constantFrom("a", "b", "c", "d"),
    version: fc.constantFrom("1.0", "2.0", "3.0"),
    requires: fc.uniqueArray(
      fc
        .tuple(
          fc.constantFrom("a", "b", "c", "d"),
          fc.constantFrom("", "==1.0", ">=2", "<3", "!=2.0", "==2.0", "<2"),
        )
        .map(([name, specifier]) => name + specifier),
      { maxLength: 3 },
    ),
  }),
  { maxLength: 12 },
);

const requests = fc.uniqueArray(fc.constantFrom("a", "b", "c>=2", "d", "a<3"), {
  minLength: 1,
  maxLength: 3,
});

/** Whether one of all combinations of versions meets everything. */
function hasSolution(requested: readonly string[], wheels: readonly WheelParts[]): boolean {
  const names = ["a", "b", "c", "d"];
  const combine = (index: number, chosen: Readonly<Record<string, WheelParts>>): boolean => {
    const name = names[index];
    if (name === undefined) return meetsAll(requested, chosen);
    const own = wheels.filter((each) => each.name === name);
    return combine(index + 1, chosen) || own.some((each) => combine(index + 1, { ...chosen, [name]: each }));
  };
  return combine(0, {});
}

function meetsAll(requested: readonly string[], chosen: Readonly<Record<string, WheelParts>>): boolean {
  const demands = [...requested, ...Object.values(chosen).flatMap(({ requires = [] }) => requires)];
  return demands.every((demand) => meets(chosen[demand.charAt(0)]?.version, demand.slice(1)));
}

/** The few specifiers of these tests, without the library. */
function meets(version: string | undefined, specifier: string): boolean {
  if (version === undefined) return false;
  const [, operator = "", limit = "0"] = /^(\D*)(.*)$/.exec(specifier) ?? [];
  const [left, right] = [Number(version), Number(limit || "0")];
  switch (operator) {
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case ">=":
      return left >= right;
    case "<":
      return left < right;
    default:
      return true;
  }
}

test("finds a combination exactly when there is one, and it meets everything", async () => {
  await fc.assert(
    fc.asyncProperty(universes, requests, async (universe, requested) => {
      const wheels = [...new Map(universe.map((each) => [`${each.name} ${each.version}`, each])).values()];
      const resolution = await resolve(requested, wheels).catch(() => undefined);
      const chosen: Record<string, WheelParts> = {};
      for (const { name, version } of resolution?.packages ?? []) {
        chosen[name] = wheels.find((each) => each.name === name && each.version === version) ?? {};
      }
      expect(meetsAll(requested, chosen)).toBe(hasSolution(requested, wheels));
    }),
    { numRuns: 300 },
  );
});
