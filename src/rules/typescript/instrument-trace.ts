import type { JsonValue } from "../../core/json.ts";
import type { ConditionPart, ConditionRecord } from "../test-instrument.ts";
import { smallCopy } from "./instrument-value.ts";

/** A place in a source text where a condition stands. */
export interface ConditionSite {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** Recorded only when it comes to a boolean: whether it is a condition at all shows only then. */
  readonly onlyBoolean: boolean;
  /** Number of the condition that this one is an operand of. */
  readonly within: number | undefined;
}

/** A place in a condition whose value is worth seeing. */
export interface PartSite {
  readonly text: string;
  /** Source text of the object whose method is called, and the fields that lead to it from a variable. */
  readonly owner: { readonly text: string; readonly path: readonly string[] } | undefined;
}

/** One evaluation of a condition that is under way. */
interface Frame {
  readonly site: number;
  readonly records: ConditionRecord[];
  readonly parent: Frame | undefined;
  readonly parts: ConditionPart[];
  /** What a `switch` compares its cases with. */
  subject: unknown;
}

/** Conditions of one trace that are kept; what a loop evaluates beyond them is only counted. */
const recordsMax = 10_000;

/**
 * What instrumented code calls. The code asks for the frame of a condition before it evaluates a part of it, and hands the
 * frame back with the value: in between other code may run, which may be the same condition in a call further down or, across
 * an `await`, in another call of the same function.
 */
export class ConditionTrace {
  readonly sites: ConditionSite[] = [];
  readonly parts: PartSite[] = [];
  #records: ConditionRecord[] | undefined;
  #dropped = 0;
  #current: Frame | undefined;

  start(): void {
    this.#records = [];
    this.#dropped = 0;
    this.#current = undefined;
  }

  /** Ends the trace and answers it; empty when none was started. */
  take(): readonly ConditionRecord[] {
    const records = this.#records ?? [];
    const last = records.at(-1);
    if (this.#dropped > 0 && last !== undefined) {
      const text = `(${this.#dropped} more conditions were evaluated, of which nothing is kept)`;
      records.push({ file: last.file, line: last.line, text, value: null, parts: [] });
    }
    this.#records = undefined;
    this.#current = undefined;
    return records;
  }

  /** Before a condition is evaluated. */
  readonly begin = (site: number): Frame | undefined => {
    if (this.#records === undefined) return undefined;
    this.#current = this.#frame(site, this.#current);
    return this.#current;
  };

  /** After a condition was evaluated; answers its value. */
  readonly end = (frame: Frame | undefined, value: unknown): unknown => {
    if (this.#isCurrent(frame)) this.#end(frame, value);
    return value;
  };

  /** Before a part of a condition is evaluated: the condition's frame. */
  readonly frame = (site: number): Frame | undefined => {
    let frame = this.#current;
    while (frame !== undefined && frame.site !== site) frame = frame.parent;
    return frame;
  };

  /** After a part was evaluated; answers its value. `root`: the variable from which the owner's path leads. */
  // oxlint-disable-next-line eslint/max-params -- an object for each call would cost the code under test too much
  readonly part = (frame: Frame | undefined, part: number, value: unknown, root?: unknown): unknown => {
    if (this.#isCurrent(frame)) {
      this.#current = frame;
      this.#part(frame, part, { value, root });
    }
    return value;
  };

  /** After what a `switch` looks at was evaluated. Its frame stays in place for the cases. */
  readonly subject = (frame: Frame | undefined, value: unknown): unknown => {
    if (!this.#isCurrent(frame)) return value;
    this.#record(frame.site, value, frame);
    this.#current = { ...frame, parent: undefined, subject: value };
    return value;
  };

  /** After the value of a `case` was evaluated. */
  readonly caseOf = (frame: Frame | undefined, site: number, value: unknown): unknown => {
    if (!this.#isCurrent(frame)) return value;
    this.#current = frame;
    const subject = { text: this.sites[frame.site]?.text ?? "", value: smallCopy(frame.subject) };
    this.#record(site, frame.subject === value, { records: frame.records, parts: [subject] });
    return value;
  };

  /** Code of an earlier trace that was still waiting for something has no place in this one. */
  #isCurrent(frame: Frame | undefined): frame is Frame {
    return frame !== undefined && frame.records === this.#records;
  }

  #frame(site: number, parent: Frame | undefined): Frame {
    return { site, records: this.#records ?? [], parent, parts: [], subject: undefined };
  }

  #end(frame: Frame, value: unknown): void {
    this.#current = frame.parent;
    const site = this.sites[frame.site];
    if (site === undefined || (site.onlyBoolean && typeof value !== "boolean")) return;
    this.#record(frame.site, value, frame);
    if (frame.parent !== undefined && frame.parent.site === site.within) {
      addPart(frame.parent.parts, { text: site.text, value: smallCopy(value) });
    }
  }

  #record(siteNumber: number, value: unknown, { records, parts }: Pick<Frame, "records" | "parts">): void {
    const site = this.sites[siteNumber];
    if (site === undefined) return;
    if (records.length >= recordsMax) {
      this.#dropped += 1;
      return;
    }
    const { file, line, text } = site;
    records.push({ file, line, text, value: smallCopy(value), parts });
  }

  #part(frame: Frame, part: number, { value, root }: { value: unknown; root: unknown }): void {
    const site = this.parts[part];
    if (site === undefined) return;
    const { text, owner } = site;
    if (owner !== undefined) {
      const found = follow(root, owner.path);
      if (found !== undefined) addPart(frame.parts, { text: owner.text, value: smallCopy(found.value) });
    }
    const copy = smallCopy(value);
    const isVariable = /^[\w$]+$/.test(text);
    // A whole event handed to a function says nothing that the event does not say better.
    if (isVariable && typeof value === "object" && isText(copy) && !(Symbol.iterator in (value ?? {})))
      return;
    addPart(frame.parts, { text, value: copy });
  }
}

/** The same part of a condition can be evaluated several times; the last value is what decided. */
function addPart(parts: ConditionPart[], part: ConditionPart): void {
  const known = parts.findIndex(({ text }) => text === part.text);
  if (known === -1) parts.push(part);
  else parts[known] = part;
}

function isText(copy: JsonValue): boolean {
  return typeof copy === "object" && copy !== null && "$" in copy;
}

/** The value at the end of a path of fields, without running a getter; `undefined` where one is in the way. */
function follow(root: unknown, path: readonly string[]): { readonly value: unknown } | undefined {
  let value = root;
  for (const name of path) {
    if (value === undefined || value === null) return { value: undefined };
    if (typeof value !== "object" && typeof value !== "function") return undefined;
    const field = fieldOf(value, name);
    if (field?.get !== undefined || field?.set !== undefined) return undefined;
    value = field?.value;
  }
  return { value };
}

function fieldOf(start: object, name: string): PropertyDescriptor | undefined {
  for (let owner: object | null = start; owner !== null; owner = Reflect.getPrototypeOf(owner)) {
    const field = Object.getOwnPropertyDescriptor(owner, name);
    if (field !== undefined) return field;
  }
  return undefined;
}
