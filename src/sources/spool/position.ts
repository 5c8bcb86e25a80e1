import { StakeoutError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";

/** A place between two frames of a stream, or the beginning of a frame. */
export interface Place {
  readonly offset: number;
  /** Records of the stream before it. */
  readonly sequence: number;
}

/** How far a spool has been read: so many records of the frame that begins at `offset`. */
export interface SpoolPosition extends Place {
  readonly record: number;
}

/** The position to store. */
export function toStored({ offset, record, sequence }: SpoolPosition): JsonObject {
  return { offset, record, sequence };
}

/** Reads a stored position. Throws `STATE_FILE_UNUSABLE` when it is not one. */
export function fromStored(stream: string, stored: JsonObject): SpoolPosition {
  const number = (name: keyof SpoolPosition): number => {
    const value = stored[name];
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    const message = `the stored position of ${stream} has no usable "${name}"; was the state file edited?`;
    throw new StakeoutError("STATE_FILE_UNUSABLE", message, { fields: { stream } });
  };
  return { offset: number("offset"), record: number("record"), sequence: number("sequence") };
}
