import { hash } from "node:crypto";

/** Kind of the entries that are deliveries. */
export const outboxKind = "outbox";

/** Starts every key of a destination's deliveries. A hash, so that no name can be the beginning of another. */
export function outboxPrefix(destination: string): string {
  return `${hash("sha256", destination, "hex").slice(0, 16)}-`;
}
