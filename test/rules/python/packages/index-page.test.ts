import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { parseIndexPage, type ProjectFile } from "../../../../src/rules/python/packages/index-page.ts";

const url = "https://packages.test/simple/demo/";
const hash = "ab".repeat(32);

function json(files: unknown, meta: unknown = { "api-version": "1.1" }): readonly ProjectFile[] {
  const text = JSON.stringify({ meta, files });
  return parseIndexPage({ text, contentType: "application/vnd.pypi.simple.v1+json", url });
}

function html(text: string): readonly ProjectFile[] {
  return parseIndexPage({ text, contentType: "text/html; charset=utf-8", url });
}

describe("JSON", () => {
  test("all that a file can say", () => {
    const file = {
      filename: "demo-1.0-py3-none-any.whl",
      url: "../../files/demo-1.0-py3-none-any.whl",
      hashes: { md5: "00".repeat(16), sha256: hash },
      size: 12,
      "requires-python": ">=3.9",
      yanked: "broken",
      "core-metadata": { sha256: hash },
    };
    expect(json([file])).toEqual([
      {
        file: file.filename,
        url: "https://packages.test/files/demo-1.0-py3-none-any.whl",
        digest: { algorithm: "sha256", hex: hash },
        requiresPython: ">=3.9",
        yanked: true,
        metadata: { digest: { algorithm: "sha256", hex: hash } },
      },
    ]);
  });

  test("the least that a file can say", () => {
    expect(json([{ filename: "demo.whl", url: "https://files.test/demo.whl", hashes: {} }])).toEqual([
      {
        file: "demo.whl",
        url: "https://files.test/demo.whl",
        digest: undefined,
        requiresPython: "",
        yanked: false,
        metadata: undefined,
      },
    ]);
  });

  test("the older name for metadata counts where the newer is missing", () => {
    const [file] = json([{ filename: "a", url: "a", hashes: {}, "dist-info-metadata": true }]);
    expect(file?.metadata).toEqual({ digest: undefined });
  });

  test("files at addresses other than http and https are passed over", () => {
    expect(json([{ filename: "a", url: "file:///etc/passwd", hashes: {} }])).toEqual([]);
  });

  test.each([
    ["files that are none", [{ filename: 1 }]],
    ["no list", "none"],
  ])("%s: an error that names the page", (_, files) => {
    expect(() => json(files)).toThrow(
      expect.objectContaining({ code: "PACKAGE_INDEX_UNREACHABLE", fields: { url } }),
    );
  });

  test("a later version of the API is refused", () => {
    expect(() => json([], { "api-version": "2.0" })).toThrow(/version 1/);
  });

  test("broken JSON is refused", () => {
    expect(() => parseIndexPage({ text: "{", contentType: "application/json", url })).toThrow(/JSON/);
  });
});

describe("HTML", () => {
  test("addresses, hashes, Python versions and yanks", () => {
    const files = html(`<html><body>
      <a href="demo-1.0-py3-none-any.whl#sha256=${hash}" data-requires-python="&gt;=3.9,&lt;4"
         data-core-metadata="sha256=${hash}">demo-1.0-py3-none-any.whl</a>
      <A HREF='https://files.test/demo-0.9.whl?a=1&amp;b=2' data-yanked data-dist-info-metadata=true> demo-0.9.whl </A>
    </body></html>`);
    expect(files).toEqual([
      {
        file: "demo-1.0-py3-none-any.whl",
        url: `${url}demo-1.0-py3-none-any.whl`,
        digest: { algorithm: "sha256", hex: hash },
        requiresPython: ">=3.9,<4",
        yanked: false,
        metadata: { digest: { algorithm: "sha256", hex: hash } },
      },
      {
        file: "demo-0.9.whl",
        url: "https://files.test/demo-0.9.whl?a=1&b=2",
        digest: undefined,
        requiresPython: "",
        yanked: true,
        metadata: { digest: undefined },
      },
    ]);
  });

  test("a base address counts", () => {
    const [file] = html(`<base href="https://files.test/all/"><a href="demo.whl">demo.whl</a>`);
    expect(file?.url).toBe("https://files.test/all/demo.whl");
  });

  test("other schemes are passed over", () => {
    expect(html(`<a href="javascript:alert(1)">x</a><a href="data:,x">y</a>`)).toEqual([]);
  });

  test("any text gives files or none", () => {
    const part = fc.constantFrom(
      "<a",
      ' href="a.whl"',
      ">",
      "</a>",
      "<base ",
      '"',
      "'",
      "&#x110000;",
      "&amp;",
      "x",
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        expect(html(parts.join(""))).toBeInstanceOf(Array);
      }),
    );
  });
});

test("a page of another kind is refused with its type", () => {
  expect(() => parseIndexPage({ text: "hello", contentType: "text/plain", url })).toThrow(
    expect.objectContaining({
      code: "PACKAGE_INDEX_UNREACHABLE",
      message: expect.stringContaining("text/plain"),
    }),
  );
});
