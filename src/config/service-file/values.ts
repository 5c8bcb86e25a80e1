import { isIP } from "node:net";
import { resolve } from "node:path";

import { z } from "zod";

import { parseDurationMs } from "../../core/durations.ts";
import { nearest } from "../../rules/nearest.ts";
import { formatBytes, parseBytes, sizePattern } from "./bytes.ts";
import { Substituted } from "./substitute.ts";

/*
 * The kinds of values that settings have. What a value must be is said as the end of a sentence that begins with the
 * setting's name; no message repeats a value, as it may be a secret.
 */

/** A map of exactly these settings. */
export function settings<const Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => adviceFor(key, known)).join("\n")
        : undefined,
  });
}

/** What to say about the name of a setting that does not exist. */
export function adviceFor(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  return meant === undefined ? `known here: ${known.join(", ")}` : `did you mean ${meant}?`;
}

const asText = (value: unknown): unknown => (value instanceof Substituted ? value.text : value);

const asNumber = (value: unknown): unknown => {
  const number = value instanceof Substituted ? Number(value.text) : Number.NaN;
  return Number.isNaN(number) ? asText(value) : number;
};

const asFlag = (value: unknown): unknown => {
  const text = asText(value);
  return value instanceof Substituted && (text === "true" || text === "false") ? text === "true" : text;
};

/** Any text but none at all. */
export function text(schema: z.ZodString = z.string()): z.ZodType<string> {
  return z.preprocess(asText, schema.min(1, "is empty"));
}

/** A text that goes into a header of HTTP and cannot be anything else there. */
export function credential(): z.ZodType<string> {
  return text(z.string().regex(/^[\u0021-\u007e]*$/, "must be visible ASCII characters without blanks"));
}

export function flag(): z.ZodType<boolean> {
  return z.preprocess(asFlag, z.boolean());
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

export function whole({ min, max }: Range): z.ZodType<number> {
  const range = `must be a whole number from ${min} to ${max}`;
  return z.preprocess(asNumber, z.int(range).min(min, range).max(max, range));
}

export function decimal({ min, max }: Range): z.ZodType<number> {
  const range = `must be a number from ${min} to ${max}`;
  return z.preprocess(asNumber, z.number(range).min(min, range).max(max, range));
}

const durationPattern = /^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d|w)\s*)+$/;

/** A duration in milliseconds, written `90s`, `1h30m` or as a number of seconds. The range is in milliseconds. */
export function duration({ min, max }: Range): z.ZodType<number> {
  const range = `must be a duration from ${durationText(min)} to ${durationText(max)}, such as 90s or 1h30m`;
  const written = z.union([z.string().regex(durationPattern, range), z.number().min(0, range)], range);
  return z.preprocess(
    asNumber,
    written.transform((value, context) => {
      const ms = parseDurationMs(value);
      if (ms !== undefined && ms >= min && ms <= max) return ms;
      context.addIssue({ code: "custom", message: range });
      return z.NEVER;
    }),
  );
}

const durationUnits = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const;

/** The shortest way to write exactly this duration. */
export function durationText(ms: number): string {
  const [unit, unitMs] = durationUnits.find(([, unitMs]) => ms % unitMs === 0 && ms > 0) ?? ["ms", 1];
  return `${ms / unitMs}${unit}`;
}

/** A size in bytes, written `16MiB`, `1.5GB` or as a number of bytes. */
export function size({ min, max }: Range): z.ZodType<number> {
  const range = `must be a size from ${formatBytes(min)} to ${formatBytes(max)}, such as 16MiB`;
  const written = z.union([z.string().regex(sizePattern, range), z.number().min(0, range)], range);
  return z.preprocess(
    asNumber,
    written.transform((value, context) => {
      const bytes = parseBytes(value);
      if (bytes !== undefined && bytes >= min && bytes <= max) return bytes;
      context.addIssue({ code: "custom", message: range });
      return z.NEVER;
    }),
  );
}

/** One of something, or a list of it. */
export function oneOrMore<Value>(one: z.ZodType<Value>): z.ZodType<readonly Value[]> {
  return z
    .union([one, z.array(one).min(1, "is empty")])
    .transform((given) => (Array.isArray(given) ? given : [given]));
}

/** The absolute path of a file, a folder or a pattern, written relative to a folder. */
export function pathIn(folder: string): z.ZodType<string> {
  const written = z.string().regex(/^(?!~(?:\/|$))[^\0]*$/, "must be a path; write ${HOME} for ~");
  return text(written).transform((path) => resolve(folder, path));
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const addressForm = "must be HOST:PORT, such as 127.0.0.1:8480, [::1]:8480 or 0.0.0.0:8480";

/** Where to listen. */
export function listenAddress(): z.ZodType<ListenAddress> {
  const written = text(z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, addressForm));
  return written.transform((address, context) => {
    const colon = address.lastIndexOf(":");
    const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
    const port = Number(address.slice(colon + 1));
    const isAddress = address.startsWith("[") ? isIP(host) === 6 : !/^[\d.]+$/.test(host) || isIP(host) === 4;
    if (isAddress && port <= 65_535) return { host, port };
    context.addIssue({ code: "custom", message: addressForm });
    return z.NEVER;
  });
}

const networkForm = "must be a network such as 10.0.0.0/8 or fd00::/8, or an address";

/** A network in CIDR notation; an address stands for itself. */
export function network(): z.ZodType<string> {
  return text(z.string().regex(/^[0-9a-fA-F:.]+(\/\d{1,3})?$/, networkForm)).refine((written) => {
    const [address = "", prefix = "0"] = written.split("/");
    const version = isIP(address);
    return version !== 0 && Number(prefix) <= (version === 4 ? 32 : 128);
  }, networkForm);
}

/** An address for requests. */
export function httpUrl(): z.ZodType<string> {
  const form = "must be an address that begins with https:// or http://";
  return text(z.string().regex(/^https?:\/\/[^\s/?#]/, form)).refine((url) => URL.canParse(url), form);
}
