import { dirname, resolve } from "node:path";

import { type Duration, parseDurationMs } from "../../core/durations.ts";
import { messageOf, type Problem } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { LogType } from "../../parsers/log-type.ts";
import type { LogTypes } from "../../parsers/log-types.ts";
import { parseIso8601 } from "../../parsers/time.ts";
import { didYouMean } from "../../rules/check-definition.ts";
import { describeValue } from "../../rules/describe-value.ts";
import { nearest } from "../../rules/nearest.ts";
import type { RuleTestDefinition, TestEventDefinition, TestTime } from "../../rules/test-definition.ts";
import { eventTimeMs, withEventTime } from "./event-time.ts";
import { mergePatch } from "./merge-patch.ts";
import type { TestEvent } from "./model.ts";
import { isPlainObject, type Report } from "./plain-value.ts";
import { readText } from "./read-test-file.ts";
import { eventKeys } from "./schema.ts";

/** When a test begins that neither says so nor has an event with a time: 2026-01-01T00:00:00Z. */
export const defaultStartMs: number = Date.UTC(2026, 0, 1);
const latestMs = Date.UTC(9999, 11, 31);
const eventsMax = 100_000;

type Path = readonly PropertyKey[];

/** What the events of one test file or rule are resolved with. */
export interface EventSurroundings {
  /** The file that the tests are written in; other files are named relative to it. */
  readonly file: string;
  /** Base events by name. */
  readonly bases: Readonly<Record<string, TestEventDefinition>>;
  readonly logTypes: LogTypes;
  readonly report: Report;
  /** Takes what is wrong with files that events are read from. */
  readonly problems: Problem[];
}

export interface ResolvedEvents {
  readonly events: readonly TestEvent[];
  /** Engine clock before the first event. */
  readonly startMs: number;
}

/** Makes complete events of those that tests describe: reads files, applies patches, sets times. */
export class EventResolver {
  readonly #surroundings: EventSurroundings;
  readonly #files = new Map<string, JsonObject | undefined>();

  constructor(surroundings: EventSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Finds what is wrong with base events, whether or not a test uses them. */
  checkBases(): void {
    const { bases, report } = this.#surroundings;
    for (const [name, base] of Object.entries(bases)) {
      for (const key of ["at", "after", "repeat"] as const) {
        if (base[key] === undefined) continue;
        report(["events", name, key], `${key} belongs to the event of a test, not to a base event`);
      }
      this.#fieldsOf(base, ["events", name], [name]);
    }
  }

  /** The events of a test at `path`. Log type is what an event says itself, or else `logType`. */
  resolve(test: RuleTestDefinition, path: Path, logType: string): ResolvedEvents {
    const { report } = this.#surroundings;
    if ((test.event === undefined) === (test.events === undefined)) {
      report(path, test.event === undefined ? "event or events is missing" : "it has both event and events");
    }
    if (test.event?.repeat !== undefined) report([...path, "event", "repeat"], "repeat is for events: [ … ]");
    const written = (test.event === undefined ? (test.events ?? []) : [test.event]).map(
      (definition, index): WrittenEvent => {
        const place = test.event === undefined ? [...path, "events", index] : [...path, "event"];
        return this.#write(definition, place, logType);
      },
    );
    const nowMs = test.now === undefined ? undefined : this.#moment(test.now, [...path, "now"]);
    const firstMs = written.map(({ ownMs }) => ownMs).find((ownMs) => ownMs !== undefined);
    const startMs = nowMs ?? firstMs ?? defaultStartMs;
    return { events: this.#placeInTime(written, startMs, path), startMs };
  }

  /** An event with everything but a time that depends on the event before it. */
  #write(definition: TestEventDefinition, place: Path, otherwise: string): WrittenEvent {
    const { logTypes, report } = this.#surroundings;
    const { at, after, repeat = 1 } = definition;
    if (at !== undefined && after !== undefined) report([...place, "after"], "give either at or after");
    const fields = this.#fieldsOf(definition, place) ?? {};
    const own = fields["p_log_type"];
    const logType = typeof own === "string" && own !== "" ? own : otherwise;
    const known = logTypes.get(logType);
    const atMs = at === undefined ? undefined : this.#moment(at, [...place, "at"]);
    const afterMs = after === undefined ? undefined : this.#durationMs(after, [...place, "after"]);
    const timed = atMs === undefined ? fields : withEventTime(known, fields, atMs);
    return { fields: timed, logType, known, ownMs: eventTimeMs(known, timed), afterMs, repeat };
  }

  #placeInTime(written: readonly WrittenEvent[], startMs: number, path: Path): readonly TestEvent[] {
    const events: TestEvent[] = [];
    let lastMs = startMs;
    for (const { fields, logType, known, ownMs, afterMs, repeat } of written) {
      if (events.length + repeat > eventsMax) {
        this.#surroundings.report([...path, "events"], `a test can have at most ${eventsMax} events`);
        break;
      }
      for (let count = 0; count < repeat; count++) {
        lastMs = afterMs === undefined ? (ownMs ?? lastMs) : lastMs + afterMs;
        const complete = afterMs === undefined ? fields : withEventTime(known, fields, lastMs);
        events.push({ fields: complete, logType });
      }
    }
    return events;
  }

  #moment(time: TestTime, path: Path): number | undefined {
    const seconds = typeof time === "number" ? Math.round(time * 1000) : undefined;
    const timeMs = seconds ?? parseIso8601(String(time));
    if (timeMs !== undefined && timeMs >= 0 && timeMs <= latestMs) return timeMs;
    const units =
      typeof time === "number" && time > latestMs / 1000 ? "; it counts seconds, not milliseconds" : "";
    const form = "ISO 8601 text such as 2026-03-02T08:00:00Z, or seconds since 1970";
    this.#surroundings.report(path, `${describeValue(time)} is no time: write ${form}${units}`);
    return undefined;
  }

  #durationMs(duration: Duration, path: Path): number | undefined {
    const durationMs = parseDurationMs(duration);
    if (durationMs !== undefined && durationMs <= latestMs) return durationMs;
    this.#surroundings.report(path, durationMessage(duration));
    return undefined;
  }

  /** `above`: the base events on the way here, so that a circle is found. */
  #fieldsOf(
    definition: TestEventDefinition,
    path: Path,
    above: readonly string[] = [],
  ): JsonObject | undefined {
    const { fields, file, base, patch } = definition;
    const start = this.#startOf(definition, path);
    if (start === undefined) return undefined;
    let unpatched: JsonObject | undefined = start;
    if (fields !== undefined) unpatched = fields;
    else if (file !== undefined) unpatched = this.#fileFields(file, [...path, "file"]);
    else if (base !== undefined) unpatched = this.#baseFields(base, [...path, "base"], above);
    if (unpatched === undefined || patch === undefined) return unpatched;
    return mergePatch(unpatched, patch) as JsonObject;
  }

  /** The fields that stand beside the keys of an event; `undefined`, reported, where fields come from several places. */
  #startOf(definition: TestEventDefinition, path: Path): JsonObject | undefined {
    const { report } = this.#surroundings;
    const beside = Object.entries(definition).filter(([key]) => !eventKeys.has(key));
    const sources = (["fields", "file", "base"] as const).filter((key) => definition[key] !== undefined);
    const [source, second] = sources;
    const [field] = beside[0] ?? [];
    if (second !== undefined) {
      report([...path, second], `an event has either ${source} or ${second}, not both`);
      return undefined;
    }
    if (source !== undefined && field !== undefined) {
      report(
        [...path, field],
        `unknown key ${field} beside ${source}: change fields with patch: { … }, or put all of the event's own under fields: { … }`,
      );
      return undefined;
    }
    if (source === undefined && beside.length === 0) {
      report(path, "an event needs fields, file or base, or fields of its own");
      return undefined;
    }
    return Object.fromEntries(beside);
  }

  #baseFields(name: string, path: Path, above: readonly string[]): JsonObject | undefined {
    const { bases, report } = this.#surroundings;
    const base = Object.hasOwn(bases, name) ? bases[name] : undefined;
    if (base === undefined) {
      const known = Object.keys(bases);
      const advice =
        known.length === 0 ? "; base events are named at the top of a test file: events: { … }" : "";
      report(path, `there is no base event ${name}${didYouMean(nearest(name, known))}${advice}`);
      return undefined;
    }
    if (above.includes(name)) {
      const circle = above.slice(above.indexOf(name));
      // Whichever event led here, the same circle is reported once.
      const first = circle.toSorted()[0] ?? name;
      const names = [
        ...circle.slice(circle.indexOf(first)),
        ...circle.slice(0, circle.indexOf(first)),
        first,
      ];
      report(["events", first, "base"], `base events go in a circle: ${names.join(" -> ")}`);
      return undefined;
    }
    return this.#fieldsOf(base, ["events", name], [...above, name]);
  }

  #fileFields(name: string, path: Path): JsonObject | undefined {
    const { file, report } = this.#surroundings;
    const eventFile = resolve(dirname(file), name);
    if (!this.#files.has(eventFile)) this.#files.set(eventFile, this.#readEvent(eventFile));
    const fields = this.#files.get(eventFile);
    if (fields === undefined) report(path, `the event cannot be read from ${eventFile}`);
    return fields;
  }

  #readEvent(file: string): JsonObject | undefined {
    const { problems } = this.#surroundings;
    const text = readText(file, problems);
    if (text === undefined) return undefined;
    try {
      const content: unknown = JSON.parse(text);
      if (isPlainObject(content)) return content as JsonObject;
      problems.push({
        file,
        line: 1,
        message: `it must hold one event as a JSON object, not ${describeValue(content)}`,
      });
    } catch (error) {
      problems.push({ file, line: jsonErrorLine(error, text), message: `JSON: ${messageOf(error)}` });
    }
    return undefined;
  }
}

interface WrittenEvent {
  readonly fields: JsonObject;
  readonly logType: string;
  /** `undefined` for a log type that nobody knows. */
  readonly known: LogType | undefined;
  /** The time that the event has by itself, or by `at`. */
  readonly ownMs: number | undefined;
  readonly afterMs: number | undefined;
  readonly repeat: number;
}

/** What is wrong with text or a number that should be a duration. */
export function durationMessage(duration: Duration): string {
  return `${describeValue(duration)} is no duration: write text such as 90s, 5m, 1h30m, 7d, or a number of seconds`;
}

/** Node names the line, except where the text simply ends. */
function jsonErrorLine(error: unknown, text: string): number {
  const line = /\(line (\d+) column \d+\)/.exec(messageOf(error))?.[1];
  return line === undefined ? text.trimEnd().split("\n").length : Number(line);
}
