import { createRequire } from "node:module";

import type * as Re2 from "re2js";

import { messageOf } from "../core/errors.ts";
import { type CompileWhole, groupNames, type Groups } from "./whole-pattern.ts";

// Only a run with log types of the user's own has patterns for it.
const require = createRequire(import.meta.url);

/** Longest pattern in characters. */
const patternLengthMax = 10_000;

/** Most instructions that a pattern may become: each of them can cost time for every character of a record. */
const instructionsMax = 2500;

const whyLimited =
  "Patterns run in a time that grows with the length of the record only, which leaves no room for that";

/**
 * A pattern on an engine whose time grows with the length of the text and never explodes, for patterns that a user wrote.
 * It means what it means to JavaScript with two exceptions: a character is a whole one also beyond U+FFFF, and a group in a
 * part that is repeated keeps the last text that it took. Look-ahead, look-behind and back-references cannot be had.
 */
export const compileLinear: CompileWhole = (source) => {
  if (source.length > patternLengthMax) {
    throw new Error(
      `The pattern has ${source.length} characters, more than the ${patternLengthMax} that it may have.`,
    );
  }
  checkSyntax(source);
  const pattern = compile(translate(source));
  const instructions = pattern.programSize();
  if (instructions > instructionsMax) {
    throw new Error(
      `The pattern is too large: it becomes ${instructions} instructions, more than the ${instructionsMax} that it may have. Repeat shorter parts, or fewer times.`,
    );
  }
  const names = groupNames(source);
  return {
    names,
    test: (text) => pattern.testExact(text),
    groupsOf: (text) => {
      // Whether a text fits at all costs a tenth of what its groups do.
      if (!pattern.testExact(text)) return undefined;
      const matcher = pattern.matcher(text);
      return matcher.matches() ? groupsOf(matcher, names) : undefined;
    },
  };
};

function groupsOf(matcher: Re2.Matcher, names: readonly string[]): Groups {
  const groups: Record<string, string | undefined> = Object.create(null);
  for (const name of names) groups[name] = matcher.group(name) ?? undefined;
  return groups;
}

function checkSyntax(source: string): void {
  try {
    void new RegExp(source);
  } catch (error) {
    const hint = source.includes("(?P<") ? " Named groups are written (?<name>…) here." : "";
    throw new Error(`This is not a regular expression: ${messageOf(error)}.${hint}`, { cause: error });
  }
}

function compile(translated: string): Re2.RE2JS {
  const { RE2JS } = require("re2js") as typeof Re2;
  try {
    return RE2JS.compile(RE2JS.translateRegExp(translated));
  } catch (error) {
    const what = messageOf(error).replace(/^error parsing regexp: /, "");
    throw new Error(`The pattern cannot be used: ${what}. ${whyLimited}.`, { cause: error });
  }
}

// What JavaScript takes for white space, and all else, as ranges within a class.
const space = String.raw`\t-\r \xA0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF`;
const noSpace = String.raw`\x00-\x08\x0E-\x1F!-\x9F\xA1-\u167F\u1681-\u1FFF\u200B-\u2027\u202A-\u202E\u2030-\u205E\u2060-\u2FFF\u3001-\uFEFE\uFF00-\u{10FFFF}`;
const anything = String.raw`[\x00-\u{10FFFF}]`;
const nothing = String.raw`[^\x00-\u{10FFFF}]`;

const token = /\\(?:u\{[^}]*\}|c[A-Za-z]|[^])|\(\?(?:<?[=!]|[a-z]*-?[a-z]*:)|\[\^?\]?|[^]/g;

/** Says the same in the words of the other engine where the two read them differently. */
function translate(source: string): string {
  let inClass = false;
  return source.replaceAll(token, (part) => {
    if (part.startsWith("\\")) return translateEscape(part, inClass);
    if (inClass) {
      // Closed by the first bracket; an opening one is a character like any other.
      if (part.endsWith("]")) inClass = false;
      return part.replace("[", "\\[");
    }
    if (part.startsWith("(?")) return checkGroup(part);
    if (part === "[]") return nothing;
    if (part === "[^]") return anything;
    if (part.startsWith("[")) inClass = true;
    return part === "." ? String.raw`[^\n\r\u2028\u2029]` : part;
  });
}

function translateEscape(part: string, inClass: boolean): string {
  const letter = part.charAt(1);
  if (letter === "s") return inClass ? space : `[${space}]`;
  if (letter === "S") return inClass ? noSpace : `[${noSpace}]`;
  if (letter === "b" && inClass) return String.raw`\x08`;
  if (/[1-9k]/.test(letter)) {
    throw new Error(`The pattern cannot be used: ${part} refers back to a group. ${whyLimited}.`);
  }
  if (/[A-Za-z]/.test(letter) && !/[dDwWbBtnrfv0xucpP]/.test(letter)) {
    throw new Error(
      `The pattern cannot be used: ${part} has no meaning; write ${letter} for the letter itself.`,
    );
  }
  // Only what could have a meaning of its own may be escaped there.
  return /[\u0080-\uFFFF]/.test(letter) ? letter : part;
}

function checkGroup(part: string): string {
  if (/[=!]$/.test(part)) {
    const what = part.includes("<") ? "look-behind" : "look-ahead";
    throw new Error(`The pattern cannot be used: ${part} is a ${what}. ${whyLimited}.`);
  }
  if (/[ms]/.test(part)) {
    throw new Error(
      `The pattern cannot be used: of the modifiers, only i is possible here, not those of ${part}.`,
    );
  }
  return part;
}
