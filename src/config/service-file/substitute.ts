import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";

/** Longest file that `${file:…}` takes, in bytes. */
const fileBytesMax = 64 * 1024;

/** What may stand between braces, and what only looks so. `$${` is a literal `${`. */
const reference = /\$\$\{|\$\{([^}]*)\}|\$\{/g;

const variable = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/**
 * A substituted value that stands alone and reads as a number or a boolean. It becomes one where a setting wants one, and
 * stays text where text is wanted: a token may well consist of digits.
 */
export class Substituted {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type SubstitutionResult =
  /** `changed`: something was put in. */
  | { readonly kind: "done"; readonly value: string | Substituted; readonly changed: boolean }
  | { readonly kind: "failed"; readonly problems: readonly string[] };

export interface SubstitutionParts {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that paths of `${file:…}` are relative to. */
  readonly folder: string;
}

/**
 * Puts values into one text of the configuration: `${NAME}`, `${NAME:-default}`, `${file:PATH}`. What is put in is not
 * looked at again. No message holds a value.
 */
export function substitute(text: string, parts: SubstitutionParts): SubstitutionResult {
  if (!text.includes("${")) return { kind: "done", value: text, changed: false };
  const problems: string[] = [];
  let changed = false;
  const result = text.replace(reference, (whole, inner: string | undefined) => {
    if (whole === "$${") return "${";
    changed = true;
    const found = inner === undefined ? unclosed : resolveReference(inner, parts);
    if ("problem" in found) problems.push(found.problem);
    return "value" in found ? found.value : "";
  });
  if (problems.length > 0) return { kind: "failed", problems };
  const alone = changed && /^\$\{[^}]*\}$/.test(text) && /^(?:-?\d+(?:\.\d+)?|true|false)$/.test(result);
  return { kind: "done", value: alone ? new Substituted(result) : result, changed };
}

type Found = { readonly value: string } | { readonly problem: string };

const advice = "write ${NAME}, ${NAME:-default} or ${file:PATH}, and $${ for a literal ${";

const unclosed: Found = { problem: `a \${ has no closing brace: ${advice}` };

function resolveReference(inner: string, parts: SubstitutionParts): Found {
  if (inner.includes("${")) return { problem: `a \${…} cannot hold another one: ${advice}` };
  if (inner.startsWith("file:")) return readFile(inner.slice("file:".length).trim(), parts.folder);
  const [, name, standIn] = variable.exec(inner) ?? [];
  if (name === undefined) return { problem: `a \${…} is not understood: ${advice}` };
  const value = Object.hasOwn(parts.env, name) ? parts.env[name] : undefined;
  // As in a shell: with a default, an empty variable counts as not set.
  if (standIn !== undefined) return { value: value || standIn };
  if (value !== undefined) return { value };
  return { problem: `the environment variable ${name} is not set: set it, or write \${${name}:-default}` };
}

function readFile(path: string, folder: string): Found {
  const file = resolve(folder, path);
  const wrong = (what: string): Found => ({ problem: `the file ${file} of \${file:…} ${what}` });
  if (path === "") return { problem: `\${file:} names no file: ${advice}` };
  try {
    const stats = statSync(file);
    if (!stats.isFile()) return wrong("is not a regular file");
    const bytes = stats.size > fileBytesMax ? undefined : readFileSync(file);
    if (bytes === undefined || bytes.length > fileBytesMax) {
      return wrong(`has more than the ${fileBytesMax} bytes that are allowed`);
    }
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { value: text.replace(/\r?\n$/, "") };
  } catch (error) {
    return wrong(whyUnreadable(error));
  }
}

function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") return "does not exist";
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return "is not UTF-8";
  return `cannot be read (${String(code)})`;
}
