import type { JsonObject } from "../../src/core/json.ts";
import { defaultLimits } from "../../src/core/limits.ts";
import { loadLogTypes } from "../../src/parsers/log-types.ts";
import { createParser } from "../../src/parsers/parser.ts";
import { type PlacedRecord, sources, streamName } from "../record-bytes.ts";

const { logTypes } = loadLogTypes([]);

/** An event as alerts keep it. The form of events is not what is simulated, so the engine's own parser makes it. */
export function alertEventOf(record: PlacedRecord, clockMs: number): JsonObject {
  const { bytes, stream, offset } = record;
  const source = sources.find(({ streams }) => (streams as readonly number[]).includes(stream))?.id ?? "";
  const parser = createParser({ logTypes, limits: defaultLimits, sourceLabel: source });
  parser.begin({
    source,
    stream: streamName(stream),
    bytes,
    count: 1,
    starts: Uint32Array.of(0),
    ends: Uint32Array.of(bytes.length),
    baseOffset: offset,
    faults: undefined,
    positionAfter: () => ({}),
  });
  const parsed = parser.parse(0);
  if (parsed?.kind !== "event") throw new Error(`${bytes.toString()} is no event`);
  // As an alert holds it: without what only this parser knows.
  return JSON.parse(JSON.stringify(parser.toAlertEvent(parsed, clockMs))) as JsonObject;
}
