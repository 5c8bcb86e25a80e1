import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { describe, expect, test } from "vitest";

import {
  findIndexAddress,
  type AddressOptions,
  type IndexAddress,
} from "../../../../src/rules/python/packages/index-address.ts";
import { tempFolder } from "./fixtures.ts";

function find(parts: Partial<AddressOptions> = {}): IndexAddress {
  return findIndexAddress({ env: {}, home: "/nowhere", sharedConfig: "/nowhere/pip.conf", ...parts });
}

function write(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

describe("what comes first", () => {
  const home = (): string => {
    const folder = tempFolder();
    write(join(folder, ".config/pip/pip.conf"), "[global]\nindex-url = https://user.test/simple\n");
    return folder;
  };
  const env = {
    STAKEOUT_PYTHON_INDEX_URL: "https://own.test/simple",
    PIP_INDEX_URL: "https://pip.test/simple",
  };

  test("the option", () => {
    expect(find({ option: "https://option.test/", env, home: home() }).url).toBe("https://option.test/");
  });

  test("our own variable", () => {
    expect(find({ env, home: home() }).url).toBe("https://own.test/simple/");
  });

  test("pip's variable", () => {
    expect(find({ env: { PIP_INDEX_URL: env.PIP_INDEX_URL }, home: home() }).url).toBe(
      "https://pip.test/simple/",
    );
  });

  test("the file that a variable names", () => {
    const named = write(join(tempFolder(), "own.conf"), "[global]\nindex_url: https://named.test/simple\n");
    expect(find({ env: { PIP_CONFIG_FILE: named }, home: home() }).url).toBe("https://named.test/simple/");
  });

  test("the user's file, then the one for all", () => {
    const sharedConfig = write(
      join(tempFolder(), "pip.conf"),
      "[global]\nindex-url=https://shared.test/simple\n",
    );
    expect(find({ home: home(), sharedConfig }).url).toBe("https://user.test/simple/");
    expect(find({ sharedConfig }).url).toBe("https://shared.test/simple/");
  });

  test("PyPI where nothing is said, and where pip is told to read no files", () => {
    expect(find().url).toBe("https://pypi.org/simple/");
    expect(find({ env: { PIP_CONFIG_FILE: "/dev/null" }, home: home() }).url).toBe(
      "https://pypi.org/simple/",
    );
  });
});

test("only the global section counts, and comments do not", () => {
  const text =
    "# index-url = https://no.test\n[install]\nindex-url = https://no.test\n[global]\n;index-url = x\n";
  const sharedConfig = write(join(tempFolder(), "pip.conf"), text);
  expect(find({ sharedConfig }).url).toBe("https://pypi.org/simple/");
});

test("name and password leave the address and go to its origin only", () => {
  expect(find({ option: "https://me%40home:se%3Acret@packages.test:8443/simple" })).toEqual({
    url: "https://packages.test:8443/simple/",
    credentials: {
      origin: "https://packages.test:8443",
      authorization: `Basic ${Buffer.from("me@home:se:cret").toString("base64")}`,
    },
  });
});

test.each(["file:///etc", "ftp://example.test/", "packages.test", "https:///"])(
  "%s is no address, and the message does not repeat it",
  (option) => {
    expect(() => find({ option })).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.not.stringContaining(option) }),
    );
  },
);

test("a configuration that cannot be read is named", () => {
  const folder = tempFolder();
  expect(() => find({ sharedConfig: folder })).toThrow(
    expect.objectContaining({ code: "USAGE", fields: { file: folder } }),
  );
});
