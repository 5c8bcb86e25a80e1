/**
 * What runs inside the realm of Python, as text: it is compiled there, so that every function and object in it belongs to
 * that realm and leads nowhere else. The functions of the engine stay in its closures, where no property reaches them.
 *
 * The global names are those of a bare JavaScript shell, which Pyodide and Emscripten know as a platform of its own: on it
 * they look for no files, no processes, no network and no `process`.
 */
export const realmCode: string = String.raw`(engine) => {
  "use strict";
  const Bytes = Uint8Array;
  const { apply, ownKeys } = Reflect;
  const { defineProperty, freeze, setPrototypeOf } = Object;
  const outputMax = 4096;
  const define = (name, value) => defineProperty(globalThis, name, { value, writable: true, configurable: true });
  const deny = () => {
    throw new Error("not available to Python");
  };
  // What the engine throws is an object of the engine's realm, and stays outside.
  const host = {};
  for (const name of Object.keys(engine)) {
    host[name] = (...values) => {
      try {
        return apply(engine[name], undefined, values);
      } catch (error) {
        throw new Error(name + ": " + String(error));
      }
    };
  }

  define("read", deny);
  define("load", deny);
  define("readbuffer", (path) => new Bytes(host.packageFile(String(path))).buffer);
  // How Emscripten asks a shell for random bytes: head -c COUNT /dev/urandom | base64
  define("os", { system: (_command, parts) => host.randomBase64(Number(/head -c(\d+)/.exec(parts[1])[1])) });
  define(
    "TextDecoder",
    class {
      #label;
      constructor(label = "utf-8") {
        this.#label = label;
      }
      decode(bytes) {
        return host.decode(this.#label, bytes);
      }
    },
  );
  define(
    "TextEncoder",
    class {
      encode(text) {
        return new Bytes(host.encode(String(text)));
      }
      encodeInto(text, target) {
        const bytes = this.encode(text);
        target.set(bytes);
        return { read: text.length, written: bytes.length };
      }
    },
  );
  // Local time is UTC, whatever the machine's zone: a rule's answer must not depend on where it runs.
  class UtcDate extends Date {
    constructor(...values) {
      if (values.length > 1) super(Date.UTC(...values));
      else super(...values);
    }
    getTimezoneOffset() {
      return 0;
    }
  }
  for (const part of ["FullYear", "Month", "Date", "Day", "Hours", "Minutes", "Seconds", "Milliseconds"]) {
    defineProperty(UtcDate.prototype, "get" + part, { value: Date.prototype["getUTC" + part] });
  }
  define("Date", UtcDate);
  defineProperty(Date, "now", { value: () => host.nowMs() });
  define("performance", freeze({ now: () => host.monotonicMs() }));
  // Nothing runs after a rule's function has returned.
  define("setTimeout", () => 0);
  define("clearTimeout", () => {});
  define("console", freeze({ log() {}, info() {}, warn() {}, error() {}, debug() {}, trace() {} }));
  // Whoever sets it is handed the call sites of a stack.
  defineProperty(Error, "prepareStackTrace", { value: undefined });

  const loadPyodide = host.loadPyodide();
  const createModule = host.createModule();

  const isPlain = (value) => value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol");

  const hostFunction = (call, refused) => {
    const confined = (...values) => {
      // The engine's function catches what is thrown in it. What is left is a full stack, met on the way in or out.
      try {
        for (let index = 0; index < values.length; index++) if (!isPlain(values[index])) return refused;
        const answer = apply(call, undefined, values);
        return isPlain(answer) ? answer : refused;
      } catch {
        return refused;
      }
    };
    return freeze(setPrototypeOf(confined, null));
  };

  /** Keeps memory from growing beyond the limit: Emscripten then answers "out of memory" to Python. */
  const capMemory = (memory, bytesMax) => {
    const { grow } = WebAssembly.Memory.prototype;
    const value = (pages) => {
      if (memory.buffer.byteLength + pages * 65536 > bytesMax) throw new RangeError("memory limit");
      return apply(grow, memory, [pages]);
    };
    defineProperty(memory, "grow", { value });
  };

  /** Takes built-in modules out of the tables that importing them afresh would read. */
  const forgetBuiltins = (module, names) => {
    const words = () => module.HEAPU32;
    const forgotten = (word) => names.includes(module.UTF8ToString(words()[word]));
    const first = words()[module._PyImport_Inittab >>> 2] >>> 2;
    let end = first;
    while (words()[end] !== 0) end += 2;
    const tables = [first];
    // CPython works on a copy, whose address is one of the first words of its runtime state.
    const runtime = module.__PyRuntime >>> 2;
    for (let word = runtime; word < runtime + 4096; word++) {
      const table = words()[word] >>> 2;
      if (table !== first && [0, 1, 2, 3].every((at) => words()[table + at] === words()[first + at])) tables.push(table);
    }
    if (tables.length < 2) throw new Error("the table of built-in modules was not found");
    for (const table of tables) {
      let target = table;
      for (let word = table; words()[word] !== 0; word += 2) {
        if (forgotten(word)) continue;
        words()[target] = words()[word];
        words()[target + 1] = words()[word + 1];
        target += 2;
      }
      words().fill(0, target, table + end - first);
    }
    for (const name of names) {
      const text = module.stringToNewUTF8(name);
      const object = module._PyUnicode_FromString(text);
      module.__PyImport_ClearExtension(object, object);
      module._Py_DecRef(object);
      module._free(text);
    }
  };

  /** Makes the files in memory read-only but for the engine. Answers a function that writes regardless. */
  const closeFiles = ({ FS }) => {
    let open = false;
    const readOnly = 69;
    const guard = (operations, names) => {
      for (const name of names) {
        const operation = operations[name];
        if (operation === undefined) continue;
        operations[name] = function (...values) {
          if (!open) throw new FS.ErrnoError(readOnly);
          return apply(operation, this, values);
        };
      }
    };
    const { MEMFS } = FS.filesystems;
    const changes = ["setattr", "mknod", "rename", "unlink", "rmdir", "symlink"];
    for (const kind of ["dir", "file", "link", "chrdev"]) guard(MEMFS.ops_table[kind].node, changes);
    guard(MEMFS.ops_table.file.stream, ["write", "msync"]);
    guard(MEMFS.stream_ops, ["write", "msync"]);
    for (const name of Object.keys(FS.filesystems)) if (name !== "MEMFS") delete FS.filesystems[name];
    return (change) => {
      const before = open;
      open = true;
      try {
        return change();
      } finally {
        open = before;
      }
    };
  };

  /** Makes Python see an error of JavaScript as a message; the error itself would be an object to climb out from. */
  const translateErrors = (module, api) => {
    const { handle_js_error: original, _PropagatePythonError: Propagated } = module;
    module.handle_js_error = (error) => {
      if (error instanceof Propagated || error?.pyodide_fatal_error) return original(error);
      if (error instanceof api.PythonError && module._restore_sys_last_exception(error.__error_address)) return;
      const text = module.stringToNewUTF8(String(error));
      module._PyErr_SetString(module.HEAPU32[module._PyExc_RuntimeError >>> 2], text);
      module._free(text);
    };
  };

  /** Lets Python change a type that is compiled in, which CPython otherwise refuses. */
  const thaw = (module, address, flags) => {
    const immutable = 1 << 8;
    const word = (address + 84) >>> 2;
    if (module.HEAPU32[word] !== flags >>> 0) throw new Error("the flags of a type were not found");
    module.HEAPU32[word] = flags & ~immutable;
    return true;
  };

  /** Leaves an object's properties where Python may hold the object, and nothing behind them. */
  const close = (object, kept) => {
    for (const key of ownKeys(object)) {
      if (kept.includes(key)) continue;
      defineProperty(object, key, { get: deny, set: deny, configurable: true });
    }
  };

  const start = async ({ memoryBytesMax, snapshot: given, snapshotWanted }, onFatal) => {
    let snapshot = given;
    let module;
    let output = "";
    const pyodide = await loadPyodide({
      indexURL: "/pyodide/",
      lockFileContents: { info: { abi_version: host.abiVersion() }, packages: {} },
      jsglobals: {},
      // With the hash seed at random, the order of a set, and what a rule makes of it, would differ after every start.
      env: { HOME: "/", PYTHONHASHSEED: "0", PYTHONDONTWRITEBYTECODE: "1" },
      stdin: () => null,
      createPyodideModule: async (settings) => {
        module = await createModule(settings);
        capMemory(module.memory, memoryBytesMax);
        // A snapshot is as large as the memory was; a new instance has the initial size.
        if (snapshot !== undefined) module.growMemory(snapshot.byteLength);
        return module;
      },
      ...(snapshot === undefined ? {} : { _loadSnapshot: new Bytes(snapshot) }),
      ...(snapshotWanted ? { _makeSnapshot: true } : {}),
    });
    const { FS, runPython, pyimport, toPy, globals, makeMemorySnapshot, setStdout, setStderr, _api: api } = pyodide;
    api.on_fatal = (error) => onFatal(String(error), output);
    // Nothing is collected of what Python writes, but for the last lines: they say where it died.
    setStdout({ write: (bytes) => bytes.length });
    setStderr({
      write: (bytes) => {
        output = (output + host.decode("utf-8", bytes.subarray(-outputMax))).slice(-outputMax);
        return bytes.length;
      },
    });
    // Otherwise 30 MB would be kept for as long as the interpreter lives.
    snapshot = undefined;
    delete api.config._loadSnapshot;
    const { memory } = module;
    let changeFiles = (change) => change();
    return {
      runPython,
      pyimport,
      toPy,
      globals,
      memoryBytes: () => memory.buffer.byteLength,
      mkdirTree: (path) => changeFiles(() => FS.mkdirTree(path)),
      writeFile: (path, data) => changeFiles(() => FS.writeFile(path, typeof data === "string" ? data : new Bytes(data))),
      snapshot: () => makeMemorySnapshot(),
      lockDown: (builtins) => {
        runPython("from stakeout_lockdown import lock; lock")(hostFunction((...type) => thaw(module, ...type), false));
        translateErrors(module, api);
        forgetBuiltins(module, builtins);
        changeFiles = closeFiles(module);
        // An exception on its way to the engine is printed into a file for it.
        for (const name of ["capture_stderr", "restore_stderr"]) {
          const original = api[name];
          api[name] = () => changeFiles(original);
        }
        // Pyodide itself asks its public object for these two.
        close(pyodide, ["version", "pyimport"]);
        close(api.packageManager, []);
        for (const name of ["initializeNodeSockFS", "loadDynlib", "install", "loadBinaryFile", "rawRun"]) api[name] = deny;
      },
    };
  };

  return { hostFunction, start };
}`;
