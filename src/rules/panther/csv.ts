import type { Problem } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";

/**
 * The rows of a CSV text (RFC 4180: fields in quotes may hold commas, line breaks and doubled quotes) as objects by the
 * names in its first line; all values are text. Empty lines are left out. What is wrong is added to `problems`.
 */
export function readCsv(file: string, text: string, problems: Problem[]): readonly JsonObject[] {
  const about = (line: number, message: string): readonly JsonObject[] => {
    problems.push({ file, line, message });
    return [];
  };
  const records = [...csvRecords(text)];
  const unended = records.find(({ isEnded }) => !isEnded);
  if (unended !== undefined) return about(unended.line, "a field starts with a quote that is never closed");
  const [header, ...rows] = records;
  if (header === undefined) return about(1, "it is empty; its first line must name the columns");
  const names = new Set<string>();
  const twice = header.fields.find((name) => names.size === names.add(name).size);
  if (twice !== undefined) return about(header.line, `it has two columns named ${JSON.stringify(twice)}`);
  const { length } = header.fields;
  return rows.flatMap(({ fields, line }) => {
    if (fields.length !== length)
      return about(line, `it has ${fields.length} fields, and the first line names ${length}`);
    return [Object.fromEntries(fields.map((value, index) => [header.fields[index] ?? "", value]))];
  });
}

interface CsvRecord {
  readonly fields: readonly string[];
  /** Where it starts, counted from 1. */
  readonly line: number;
  /** False when the text ends within quotes. */
  readonly isEnded: boolean;
}

function* csvRecords(text: string): Generator<CsvRecord> {
  const scanner = new Scanner(text);
  while (!scanner.isAtEnd) {
    const { line } = scanner;
    if (scanner.lineEnd()) continue;
    const fields = [scanner.field()];
    while (scanner.skip(",")) fields.push(scanner.field());
    scanner.lineEnd();
    yield { fields, line, isEnded: scanner.isEnded };
  }
}

class Scanner {
  line = 1;
  isEnded = true;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  skip(text: string): boolean {
    const isThere = this.#text.startsWith(text, this.#at);
    if (isThere) this.#at += text.length;
    return isThere;
  }

  /** What stands between a closing quote and the next comma belongs to the field, as in Python's csv module. */
  field(): string {
    const quoted = this.skip('"') ? this.#quoted() : "";
    unquotedEnd.lastIndex = this.#at;
    const end = unquotedEnd.exec(this.#text)?.index ?? this.#text.length;
    const unquoted = this.#text.slice(this.#at, end);
    this.#at = end;
    return quoted + unquoted;
  }

  /** Goes over a line end, if there is one. */
  lineEnd(): boolean {
    const isThere = this.skip("\r\n") || this.skip("\n") || this.skip("\r");
    if (isThere) this.line += 1;
    return isThere;
  }

  #quoted(): string {
    const parts: string[] = [];
    do {
      const close = this.#text.indexOf('"', this.#at);
      this.isEnded = close !== -1;
      const end = this.isEnded ? close : this.#text.length;
      parts.push(this.#text.slice(this.#at, end));
      this.#at = end + 1;
      // A doubled quote closes and opens again, and stands for one in the text.
    } while (this.isEnded && this.skip('"'));
    const value = parts.join('"');
    this.line += value.split("\n").length - 1;
    return value;
  }
}

const unquotedEnd = /[,\r\n]/g;
