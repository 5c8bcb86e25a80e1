import { normalizeName } from "./names.ts";
import { fits, isSpecifier, isVersion } from "./versions.ts";

/** The Python version that rules run on. */
export const pythonVersion = "3.14.2";

/** What markers can ask about, for Python in WebAssembly (PEP 508). */
const environment: Readonly<Record<string, string>> = {
  python_version: "3.14",
  python_full_version: pythonVersion,
  os_name: "posix",
  sys_platform: "emscripten",
  platform_release: "",
  platform_system: "Emscripten",
  platform_version: "",
  platform_machine: "wasm32",
  platform_python_implementation: "CPython",
  implementation_name: "cpython",
  implementation_version: pythonVersion,
};

const versionVariables: ReadonlySet<string> = new Set([
  "python_version",
  "python_full_version",
  "implementation_version",
]);

// Deeper nesting in a marker is not sensible and would only exhaust the stack.
const depthMax = 50;

/** Says whether a requirement applies, given an extra that is asked for (`""`: none). */
export type Marker = (extra: string) => boolean;

interface Token {
  readonly kind: "variable" | "text" | "operator" | "and" | "or" | "(" | ")";
  readonly text: string;
}

/** `undefined` for text that is not a marker. */
export function parseMarker(text: string): Marker | undefined {
  const tokens = tokenize(text);
  if (tokens === undefined) return undefined;
  const parser = new MarkerParser(tokens);
  const marker = parser.alternatives(0);
  return parser.atEnd() ? marker : undefined;
}

const tokenPattern =
  /\s*(?:(?<bracket>[()])|(?<text>"[^"]*"|'[^']*')|(?<operator>===|[<>=!~]=|<|>|not\s+in\b|in\b)|(?<word>[A-Za-z_][\w.]*))/y;

function tokenize(text: string): readonly Token[] | undefined {
  const source = text.trim();
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < source.length) {
    const groups = tokenPattern.exec(source)?.groups;
    if (groups === undefined) return undefined;
    tokens.push(toToken(groups));
  }
  return tokens;
}

function toToken(groups: Readonly<Record<string, string | undefined>>): Token {
  const { bracket, text, operator, word = "" } = groups;
  if (bracket !== undefined) return { kind: bracket === "(" ? "(" : ")", text: bracket };
  if (text !== undefined) return { kind: "text", text: text.slice(1, -1) };
  if (operator !== undefined) return { kind: "operator", text: operator.replace(/\s+/, " ") };
  if (word === "and" || word === "or") return { kind: word, text: word };
  // Some old packages write `os.name` for `os_name`.
  return { kind: "variable", text: word.replace(".", "_") };
}

class MarkerParser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  atEnd(): boolean {
    return this.#position === this.#tokens.length;
  }

  alternatives(depth: number): Marker | undefined {
    const parts = this.#separated("or", () => this.#conditions(depth));
    return parts && ((extra) => parts.some((part) => part(extra)));
  }

  #conditions(depth: number): Marker | undefined {
    const parts = this.#separated("and", () => this.#condition(depth));
    return parts && ((extra) => parts.every((part) => part(extra)));
  }

  #separated(word: "and" | "or", parse: () => Marker | undefined): readonly Marker[] | undefined {
    const parts: Marker[] = [];
    do {
      const part = parse();
      if (part === undefined) return undefined;
      parts.push(part);
    } while (this.#take(word) !== undefined);
    return parts;
  }

  #condition(depth: number): Marker | undefined {
    if (this.#take("(") !== undefined) {
      const inner = depth < depthMax ? this.alternatives(depth + 1) : undefined;
      return this.#take(")") && inner;
    }
    const left = this.#value();
    const operator = this.#take("operator");
    const right = this.#value();
    if (left === undefined || operator === undefined || right === undefined) return undefined;
    return comparison({ left, operator: operator.text, right });
  }

  #value(): Token | undefined {
    return this.#take("text") ?? this.#take("variable");
  }

  #take(kind: Token["kind"]): Token | undefined {
    const token = this.#tokens[this.#position];
    if (token?.kind !== kind) return undefined;
    this.#position += 1;
    return token;
  }
}

interface Comparison {
  readonly left: Token;
  readonly operator: string;
  readonly right: Token;
}

function comparison({ left, operator, right }: Comparison): Marker | undefined {
  const variables = [left, right].filter(({ kind }) => kind === "variable").map(({ text }) => text);
  if (variables.some((name) => name !== "extra" && environment[name] === undefined)) return undefined;
  const isExtra = variables.includes("extra");
  const isVersionTest = variables.some((name) => versionVariables.has(name));
  return (extra) => {
    const value = ({ kind, text }: Token): string => {
      const plain = kind === "text" ? text : (environment[text] ?? extra);
      return isExtra ? normalizeName(plain) : plain;
    };
    return compareValues(operator, [value(left), value(right)], isVersionTest);
  };
}

function compareValues(operator: string, values: readonly [string, string], isVersionTest: boolean): boolean {
  const [left, right] = values;
  if (operator === "in") return right.includes(left);
  if (operator === "not in") return !right.includes(left);
  if (isVersionTest && isVersion(left) && isSpecifier(`${operator}${right}`)) {
    return fits(left, `${operator}${right}`);
  }
  switch (operator) {
    case "==":
    case "===":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    default:
      return false;
  }
}
