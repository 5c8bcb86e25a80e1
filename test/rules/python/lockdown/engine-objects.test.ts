import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { StakeoutError } from "../../../../src/core/errors.ts";
import { toHostFunction } from "../../../../src/rules/python/host-function.ts";
import { Prison, untouched } from "./fixtures.ts";

let prison: Prison;
beforeAll(async () => {
  prison = await Prison.open();
}, 60_000);
afterAll(() => prison[Symbol.asyncDispose]());

type Rows = readonly (readonly [name: string, source: string, answer: RegExp])[];

function tryAll(rows: Rows): void {
  test.each(rows)("%s", async (_name, source, expected) => {
    const answer = prison.attempt(source);
    expect(answer).toMatch(expected);
    expect(await prison.observe(answer)).toEqual(untouched);
  });
}

describe("ways to JavaScript", () => {
  tryAll([
    ["import js", "import js; result = js.process.env.STAKEOUT_CANARY", /^ModuleNotFoundError/],
    ["import pyodide_js", "import pyodide_js; pyodide_js.mountNodeFS('/h', FOLDER)", /^ModuleNotFoundError/],
    [
      "pyodide.code.run_js",
      "from pyodide.code import run_js; run_js('process.exitCode = 9')",
      /^ModuleNotFoundError/,
    ],
    [
      "pyodide.ffi",
      "from pyodide.ffi import create_proxy, to_js; result = to_js([1])",
      /^ModuleNotFoundError/,
    ],
    [
      "pyodide.http",
      "from pyodide.http import open_url; result = open_url('file://' + FILE)",
      /^ModuleNotFoundError/,
    ],
    [
      "importing again what was removed",
      "import sys; [sys.modules.pop(n) for n in [n for n in sys.modules if 'pyodide' in n]]; import pyodide.ffi as ffi; result = ffi.to_js([1]); import _pyodide_core",
      /^ModuleNotFoundError/,
    ],
    [
      "js, after removing its refusal",
      "import sys; sys.modules.pop('js', None); import js",
      /^ModuleNotFoundError/,
    ],
    [
      "the core made afresh",
      "import _imp; from importlib.machinery import ModuleSpec; result = _imp.create_builtin(ModuleSpec('_pyodide_core', None))",
      /^None$/,
    ],
    [
      "the finder of JavaScript modules, from the subclasses of object",
      `found = [c for c in object.__subclasses__() if c.__name__ == "JsFinder"]
result = [vars(c()).get("jsproxies") for c in found] or "none"
import gc
result = (result, [len(o.jsproxies) for o in gc.get_objects() if type(o).__name__ == "JsFinder"])`,
      /^\(.*, \[?(0)?(, 0)*\]?\)$/,
    ],
    [
      "functions of the core, from the objects that exist",
      `import gc
result = [o for o in gc.get_objects() if type(o).__name__ == "builtin_function_or_method" and o.__module__ == "_pyodide_core"]`,
      /^\[\]$/,
    ],
    [
      "values of JavaScript, from the objects that exist",
      `import gc
seen = []
for holder in gc.get_objects():
    for value in gc.get_referents(holder):
        kind = type(value)
        # JsNull is a class of Python's own that only looks like one, and so are the classes in Pyodide's documentation.
        if kind.__module__ == "pyodide.ffi" and kind.__name__ != "JsNull" and not isinstance(value, type):
            names = [name for name in dir(value) if not name.startswith("_")]
            seen.append((kind.__name__, names, callable(value)))
result = [one for one in seen if one[1] or (one[2] and one[0] != "JsProxy")]`,
      /^\[\]$/,
    ],
    [
      "the globals of every frame and function",
      `import gc, sys
spaces, frame = [], sys._getframe()
while frame is not None:
    spaces.append(frame.f_globals)
    frame = frame.f_back
spaces += [o.__globals__ for o in gc.get_objects() if type(o).__name__ == "function"]
names = {name for space in spaces for name, value in list(space.items()) if type(value).__name__ == "JsProxy"}
result = sorted(names - {"host"})`,
      /^\[\]$/,
    ],
  ]);
});

describe("a function of the engine", () => {
  test("works", () => {
    expect(prison.attempt("result = host(1, 1.5, 'text', True, None)")).toBe("answered");
    expect(prison.calls.splice(0)).toEqual([1, 1.5, "text", true, undefined]);
  });

  tryAll([
    ["its constructor", "result = host.constructor.constructor('return process')()", /^AttributeError/],
    ["its prototype", "result = host.__proto__", /^AttributeError/],
    [
      "the methods of functions",
      "result = [name for name in ('apply', 'call', 'bind', 'caller', 'arguments') if hasattr(host, name)]",
      /^\[\]$/,
    ],
    [
      "the methods of Pyodide",
      "result = [n for n in dir(host) if not n.startswith('__') and not n.startswith('_js')]",
      /^\[\]$/,
    ],
    ["making one with new", "result = host.new()", /^AttributeError/],
    ["its entries", "result = host.object_entries().constructor", /^AttributeError/],
    ["setting an attribute", "host.__dict__['x'] = 1\nhost.x = 1", /^AttributeError/],
    ["setting its prototype", "host.__proto__ = object()\nresult = 'set'", /./],
    ["deleting an attribute", "del host.name", /^AttributeError/],
    ["an item", "result = host['constructor']", /^TypeError/],
    [
      "attribute access of its bases",
      `found = []
for kind in type(host).__mro__[:-1]:
    for name, value in list(vars(kind).items()):
        if name in ("__call__", "__doc__"):
            continue
        try:
            found.append(value(host, "constructor"))
        except (TypeError, AttributeError):
            pass
result = found`,
      /^\[\]$/,
    ],
    ["another of its type", "result = type(host).__new__(type(host))", /^TypeError/],
    ["copies of it", "import copy; result = copy.copy(host).constructor", /^(TypeError|AttributeError)/],
    [
      "an exception of JavaScript made by hand",
      "kinds = [k for k in type(host).__base__.__subclasses__() if issubclass(k, Exception)]\nresult = [k('x').args[0].constructor for k in kinds]",
      /^AttributeError/,
    ],
  ]);

  test.each(["[]", "{}", "object()", "len", "host", "lambda: 1", "b'bytes'", "{1}", "a=1"])(
    "is not called with %s",
    async (argument) => {
      const answer = prison.attempt(`result = host(${argument})`);
      expect(JSON.parse(answer)).toMatchObject({ error: { code: "HOST_FUNCTION_FAILED" } });
      expect(prison.calls).toEqual([]);
      expect(await prison.observe(answer)).toEqual(untouched);
    },
  );

  test("shows what it throws as text only", async () => {
    const answer = prison.attempt("result = host('throw'); assert type(result) is str");
    prison.calls.length = 0;
    expect(JSON.parse(answer)).toEqual({
      error: { code: "HOST_FUNCTION_FAILED", message: "thrown by the engine" },
    });
    expect(await prison.observe(answer)).toEqual(untouched);
  });

  test("shows the code of the engine's own errors", () => {
    const failing = toHostFunction(() => {
      throw new StakeoutError("STATE_KEY_INVALID", "a key is missing");
    });
    expect(failing()).toBe('{"error":{"code":"STATE_KEY_INVALID","message":"a key is missing"}}');
  });

  test("does not let an object of the engine out", () => {
    const careless = toHostFunction((() => ({ secret: 1 })) as unknown as () => string);
    expect(careless()).toContain("HOST_FUNCTION_FAILED");
  });

  test("called with a full stack shows no error of the engine", async () => {
    const answer = prison.attempt(`
kinds = set()
def deep():
    try:
        kinds.add(type(host(1)).__name__)
        deep()
    except RecursionError:
        raise
    except BaseException as error:
        kinds.add(type(error).__name__)
        raise
try:
    deep()
except RecursionError:
    pass
result = sorted(kinds)`);
    prison.calls.length = 0;
    expect(answer).toBe("['str']");
    expect(await prison.observe(answer)).toEqual(untouched);
  });
});

describe("the realm", () => {
  test("compiles no strings", () => {
    const Compiler = Reflect.get(prison.python.pyodide.runPython, "constructor") as FunctionConstructor;
    expect(Compiler).not.toBe(Function);
    expect(() => Compiler("return 1")).toThrow(/Code generation from strings disallowed/);
  });

  test("leaves the engine's realm able to", () => {
    // oxlint-disable-next-line typescript/no-implied-eval
    expect(new Function("return 7")()).toBe(7);
  });

  test("has objects of its own", () => {
    const foreign = Reflect.getPrototypeOf(prison.python.pyodide.runPython);
    expect(foreign).not.toBe(Function.prototype);
  });
});
