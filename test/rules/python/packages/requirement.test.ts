import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { parseMarker } from "../../../../src/rules/python/packages/marker.ts";
import { parseRequirement, renderRequirement } from "../../../../src/rules/python/packages/requirement.ts";

describe("requirements", () => {
  test.each([
    ["Some.Demo", "some-demo"],
    ["demo ==1.0", "demo==1.0"],
    ["demo (>=1.0, <2)", "demo>=1.0,<2"],
    ["demo[Two, one,one]>=1", "demo[one,two]>=1"],
    ["demo[]", "demo"],
    ["demo>=1; python_version < '4'", "demo>=1"],
    ["demo ~= 1.4", "demo~=1.4"],
  ])("%j is read as %s", (text, rendered) => {
    const parsed = parseRequirement(text);
    expect(parsed && renderRequirement(parsed)).toBe(rendered);
  });

  test.each([
    "",
    "-demo",
    "demo>=",
    "demo==one",
    "demo 1.0",
    "demo @ https://example.com/demo.whl",
    "../demo",
    "demo[a/b]",
    "demo; nonsense == '1'",
    "demo; python_version",
    "x".repeat(5000),
  ])("%j is none", (text) => {
    expect(parseRequirement(text)).toBeUndefined();
  });

  test("what was rendered reads back the same", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,3})?$/);
    const clause = fc.tuple(fc.constantFrom("==", ">=", "<", "!=", "~="), fc.stringMatching(/^\d\.\d{1,2}$/));
    const clauses = fc.array(
      clause.map(([operator, version]) => operator + version),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(name, fc.uniqueArray(name, { maxLength: 3 }), clauses, (own, extras, specifiers) => {
        const text = renderRequirement({ name: own, extras: extras.sort(), specifier: specifiers.join(",") });
        const parsed = parseRequirement(text);
        expect(parsed && renderRequirement(parsed)).toBe(text);
      }),
    );
  });
});

describe("markers", () => {
  test.each([
    ["python_version >= '3.10'", true],
    ["python_version < '3.9'", false],
    // As text, "3.14" would be before "3.9".
    ["python_version > '3.9'", true],
    ["'3.9' < python_version", true],
    ["python_full_version == '3.14.*'", true],
    ['sys_platform == "win32"', false],
    ["sys_platform == 'emscripten' and os_name == 'posix'", true],
    ["platform_machine != 'wasm32' or implementation_name == 'cpython'", true],
    ["(python_version < '3' or os_name == 'posix') and sys_platform != 'darwin'", true],
    ["python_version < '3' and os_name == 'posix' or sys_platform == 'darwin'", false],
    ["platform_system in 'Linux Emscripten'", true],
    ["platform_system not in 'Linux Darwin'", true],
    ["platform_python_implementation == 'PyPy'", false],
    ["os.name == 'nt'", false],
    ["extra == 'test'", false],
  ])("%s is %s", (text, expected) => {
    expect(parseMarker(text)?.("")).toBe(expected);
  });

  test("an extra is compared by its normalized name", () => {
    expect(parseMarker("extra == 'All_Things'")?.("all-things")).toBe(true);
  });

  test.each([
    "",
    "python_version",
    "python_version ==",
    "python_version == 3.8",
    "python_version == '3.8' and",
    "(python_version == '3.8'",
    "python_version == '3.8')",
    "colour == 'red'",
    "'unclosed == os_name",
    `${"(".repeat(500)}os_name == 'posix'${")".repeat(500)}`,
  ])("%j is no marker", (text) => {
    expect(parseMarker(text)).toBeUndefined();
  });
});
