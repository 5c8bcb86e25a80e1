import { Refusal } from "../refusal.ts";
import type { ContentSplitter } from "../split.ts";

/** Items of one request: an answer tells of each of them. */
const itemsMax = 100_000;

const actions = ["create", "index", "update", "delete"] as const;

export type BulkAction = (typeof actions)[number];

/** One action of a `_bulk` body. */
export interface BulkItem {
  readonly action: BulkAction;
  readonly index: string | undefined;
  readonly id: string | undefined;
  /** Where its document stands in the content; empty for `delete`, which has none. */
  readonly start: number;
  readonly end: number;
}

type ActionLine = Pick<BulkItem, "action" | "index" | "id">;

/** Takes the body of a `_bulk` request apart: a line for each action and, but for `delete`, one for its document. */
export function readBulkBody(splitter: ContentSplitter, content: Buffer): readonly BulkItem[] | Refusal {
  const split = splitter.split(content, {
    format: "lines",
    envelopeField: undefined,
    recordsMax: 2 * itemsMax,
  });
  if (split.kind === "too-many") {
    return new Refusal(
      "TOO_MANY_RECORDS",
      `the request has more than ${itemsMax} actions; send fewer at a time`,
    );
  }
  if (split.kind === "fault") return new Refusal("BODY_MALFORMED", split.fault.message);
  const reader = new ActionReader(content);
  const items: BulkItem[] = [];
  let line = 0;
  let open: ActionLine | undefined;
  for (const { count, starts, ends } of split.records) {
    for (let index = 0; index < count; index++) {
      line++;
      const start = starts[index] ?? 0;
      const end = ends[index] ?? 0;
      if (open !== undefined) {
        items.push({ ...open, start, end });
        open = undefined;
        continue;
      }
      open = reader.read(start, end);
      if (open === undefined) return malformedAction(line);
      if (open.action !== "delete") continue;
      items.push({ ...open, start: 0, end: 0 });
      open = undefined;
    }
  }
  if (open !== undefined) return new Refusal("BODY_MALFORMED", "the last action has no document behind it");
  return items.length === 0 ? new Refusal("BODY_EMPTY", "request body is required") : items;
}

function malformedAction(line: number): Refusal {
  const message = `malformed action/metadata line [${line}]: expected an object with create, index, update or delete`;
  return new Refusal("BODY_MALFORMED", message);
}

/** Reads lines with an action. Most clients repeat one line for all of their documents. */
class ActionReader {
  readonly #content: Buffer;
  #start = 0;
  #end = 0;
  #last: ActionLine | undefined;

  constructor(content: Buffer) {
    this.#content = content;
  }

  /** `undefined` for a line that is no action. */
  read(start: number, end: number): ActionLine | undefined {
    const isRepeated = this.#content.compare(this.#content, this.#start, this.#end, start, end) === 0;
    if (this.#last === undefined || !isRepeated) {
      this.#last = actionOf(this.#content.toString("utf8", start, end));
      this.#start = start;
      this.#end = end;
    }
    return this.#last;
  }
}

function actionOf(line: string): ActionLine | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(parsed)) return undefined;
  const [name, ...others] = Object.keys(parsed);
  const action = actions.find((one) => one === name);
  if (action === undefined || others.length > 0) return undefined;
  const details = parsed[action];
  if (!isObject(details)) return undefined;
  return { action, index: textOf(details["_index"]), id: textOf(details["_id"]) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : undefined;
}
