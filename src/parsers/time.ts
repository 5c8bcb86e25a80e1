/** Times as log types write them, to milliseconds since the epoch. Anything that is not a time gives `undefined`. */

const DAY_MS = 86_400_000;

const daysBeforeMonth = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Parts of a time in UTC, or in a zone that is `offsetMinutes` ahead of it. */
export interface TimeParts {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
  readonly offsetMinutes: number;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Midnight of a day of the Gregorian calendar; NaN when there is no such day. Years 1 to 9999. */
function midnightMs(year: number, month: number, day: number): number {
  const leapDay = isLeapYear(year) ? 1 : 0;
  const before = daysBeforeMonth[month - 1];
  const length = daysInMonth[month - 1];
  if (before === undefined || length === undefined || year < 1 || year > 9999) return Number.NaN;
  if (day < 1 || day > length + (month === 2 ? leapDay : 0)) return Number.NaN;
  const past = year - 1;
  const leapDays = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  const dayOfYear = before + (month > 2 ? leapDay : 0) + day - 1;
  // 719,162 days lie between the first day of year 1 and the epoch.
  return (past * 365 + leapDays + dayOfYear - 719_162) * DAY_MS;
}

/** The time that the parts make; `undefined` when a part is out of its range. There are no leap seconds. */
export function timeOfParts(parts: TimeParts): number | undefined {
  const { hour, minute, second, offsetMinutes } = parts;
  if (hour > 23 || minute > 59 || second > 59 || Math.abs(offsetMinutes) >= 24 * 60) return undefined;
  const dayMs = midnightMs(parts.year, parts.month, parts.day);
  const timeMs = dayMs + ((hour * 60 + minute - offsetMinutes) * 60 + second) * 1000 + parts.millisecond;
  return isInRange(timeMs) ? timeMs : undefined;
}

const firstMs = midnightMs(1, 1, 1);
const endMs = midnightMs(9999, 12, 31) + DAY_MS;

/** Within the years 1 to 9999, the ones that can be written with four digits. False for NaN. */
function isInRange(timeMs: number): boolean {
  return timeMs >= firstMs && timeMs < endMs;
}

/** Milliseconds of the digits after a decimal point; further digits are cut off. */
export function millisecondsOf(fraction: string): number {
  return Number(fraction.slice(0, 3).padEnd(3, "0"));
}

/** Minutes of `Z`, `UTC`, `+02`, `+0200` or `-03:30`. */
export function offsetMinutesOf(zone: string): number {
  if (zone[0] !== "+" && zone[0] !== "-") return 0;
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return zone.startsWith("-") ? -minutes : minutes;
}

/** The two digits at an index, or NaN. */
function twoDigits(text: string, index: number): number {
  const tens = text.charCodeAt(index) - 48;
  const ones = text.charCodeAt(index + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

// Neighbouring events mostly share their day, so the calendar is computed once for many.
let lastYear = 0;
let lastMonthDay = 0;
let lastMidnightMs = Number.NaN;

/**
 * `YYYY-MM-DDTHH:MM:SS[.fraction][zone]`, also with a blank instead of the `T` or without the time of day. A time without a
 * zone is in UTC. Digits beyond milliseconds are cut off.
 */
export function parseIso8601(text: string): number | undefined {
  const secondOfDay = commonFormSeconds(text);
  const millisecond = fractionBeforeZ(text);
  // Only the form that nearly all logs use is read by hand, at a tenth of the cost.
  if (Number.isNaN(secondOfDay + millisecond)) return parseAnyIso8601(text);
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const monthDay = month * 100 + day;
  if (year !== lastYear || monthDay !== lastMonthDay) {
    lastMidnightMs = midnightMs(year, month, day);
    lastYear = year;
    lastMonthDay = monthDay;
  }
  const timeMs = lastMidnightMs + secondOfDay * 1000 + millisecond;
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** Seconds since midnight of text that starts as `....-..-..THH:MM:SS`; NaN for anything else. */
function commonFormSeconds(text: string): number {
  const separated =
    text.charCodeAt(4) === 0x2d &&
    text.charCodeAt(7) === 0x2d &&
    text.charCodeAt(10) === 0x54 &&
    text.charCodeAt(13) === 0x3a &&
    text.charCodeAt(16) === 0x3a;
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  if (!separated || !(hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN;
  return (hour * 60 + minute) * 60 + second;
}

/** Milliseconds of text that goes on with `Z` or `.fractionZ` after its seconds; NaN for anything else. */
function fractionBeforeZ(text: string): number {
  const last = text.length - 1;
  if (text.charCodeAt(last) !== 0x5a) return Number.NaN;
  if (last === 19) return 0;
  if (last < 21 || last > 29 || text.charCodeAt(19) !== 0x2e) return Number.NaN;
  let millisecond = 0;
  for (let index = 20, unit = 100; index < last; index++, unit /= 10) {
    const digit = text.charCodeAt(index) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    if (index < 23) millisecond += digit * unit;
  }
  return millisecond;
}

const isoPattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,30}))?)? ?([Zz]|UTC|[+-]\d\d(?::?\d\d)?)?)?$/;

function parseAnyIso8601(text: string): number | undefined {
  const [whole, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] =
    isoPattern.exec(text) ?? [];
  if (whole === undefined) return undefined;
  return timeOfParts({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    millisecond: millisecondsOf(fraction),
    offsetMinutes: offsetMinutesOf(zone),
  });
}

/** A number, or text that is one, counted in units of which `unitsPerSecond` make a second. */
export function parseEpoch(value: unknown, unitsPerSecond: number): number | undefined {
  if (typeof value === "string") {
    if (!/^-?\d{1,20}(?:\.\d{1,20})?$/.test(value)) return undefined;
    // Nanoseconds do not fit into a number, and rounding could move them into the next millisecond.
    if (unitsPerSecond === 1e9 && !value.includes(".")) return inRange(Number(BigInt(value) / 1_000_000n));
    return parseEpoch(Number(value), unitsPerSecond);
  }
  if (typeof value !== "number") return undefined;
  // The nudge undoes what multiplying a fraction such as 0.553 takes away from a whole millisecond.
  return inRange(Math.floor((value * 1000) / unitsPerSecond + 0.001));
}

function inRange(timeMs: number): number | undefined {
  return isInRange(timeMs) ? timeMs : undefined;
}

/** `YYYY-MM-DD HH:MM:SS.fffffffff` in UTC, as Panther writes times; milliseconds are what there is of the fraction. */
export function formatTime(timeMs: number): string {
  const iso = new Date(timeMs).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}000000`;
}
