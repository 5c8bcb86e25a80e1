import { StakeoutError } from "../core/errors.ts";
import { millisecondsOf, offsetMinutesOf, parseEpoch, parseIso8601, timeOfParts } from "./time.ts";

/** Reads the time in milliseconds since the epoch out of a field's value; `undefined` when it is not in the format. */
export type TimeReader = (value: unknown) => number | undefined;

const namedFormats: Readonly<Record<string, TimeReader>> = {
  iso8601: (value) => (typeof value === "string" ? parseIso8601(value) : undefined),
  "epoch-seconds": (value) => parseEpoch(value, 1),
  "epoch-milliseconds": (value) => parseEpoch(value, 1e3),
  "epoch-nanoseconds": (value) => parseEpoch(value, 1e9),
};

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Regular expressions of the directives, each with one group named after its letter. */
const directives: Readonly<Record<string, string>> = {
  Y: "(?<Y>\\d{4})",
  m: "(?<m>\\d{1,2})",
  b: `(?<b>${months.join("|")})`,
  d: "(?<d>\\d{1,2})",
  e: " ?(?<d>\\d{1,2})",
  H: "(?<H>\\d{1,2})",
  M: "(?<M>\\d{2})",
  S: "(?<S>\\d{2})",
  f: "(?<f>\\d{1,30})",
  z: "(?<z>[+-]\\d{2}:?\\d{2}|Z)",
};

/** The names of the time formats, for messages. */
export const timeFormatHelp: string = `${Object.keys(namedFormats).join(", ")}, or a pattern of %Y %m %b %d %e %H %M %S %f %z`;

/** True for what `timeReader` takes: a named format or a pattern with directives. */
export function isTimeFormat(format: string): boolean {
  return Object.hasOwn(namedFormats, format) || format.includes("%");
}

/** The reader for a format. Throws `LOG_TYPES_INVALID` when there is no such format. */
export function timeReader(format: string): TimeReader {
  const named = Object.hasOwn(namedFormats, format) ? namedFormats[format] : undefined;
  if (named !== undefined) return named;
  const pattern = compilePattern(format);
  return (value) => (typeof value === "string" ? readTime(pattern, value) : undefined);
}

function invalid(message: string): StakeoutError {
  return new StakeoutError("LOG_TYPES_INVALID", message);
}

function compilePattern(format: string): RegExp {
  if (!format.includes("%")) throw invalid(`There is no time format "${format}": use ${timeFormatHelp}.`);
  const used = new Set<string>();
  const source = format.replaceAll(/%(.?)|[^%]+/gs, (part, letter: string | undefined) => {
    if (letter === undefined) return part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    if (letter === "%") return "%";
    const directive = Object.hasOwn(directives, letter) ? directives[letter] : undefined;
    if (directive === undefined)
      throw invalid(`The time format "${format}" has %${letter}: use ${timeFormatHelp}.`);
    const meaning = letter === "e" ? "d" : letter;
    if (used.has(meaning)) throw invalid(`The time format "${format}" has %${letter} twice.`);
    used.add(meaning);
    return directive;
  });
  if (!used.has("Y") || !used.has("d") || used.has("m") === used.has("b")) {
    throw invalid(`The time format "${format}" needs %Y, one of %m and %b, and %d or %e.`);
  }
  return new RegExp(`^${source}$`, "i");
}

function readTime(pattern: RegExp, text: string): number | undefined {
  const groups = pattern.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { Y, m, b, d, H = "0", M = "0", S = "0", f = "", z = "Z" } = groups;
  return timeOfParts({
    year: Number(Y),
    month: b === undefined ? Number(m) : months.indexOf(b.toLowerCase()) + 1,
    day: Number(d),
    hour: Number(H),
    minute: Number(M),
    second: Number(S),
    millisecond: millisecondsOf(f),
    offsetMinutes: offsetMinutesOf(z),
  });
}
