import type { Alert } from "../core/alert.ts";

// JSON leaves these as they are; a terminal obeys some of them, and some readers break lines at others.
const unescaped = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** An alert as one line of JSON, with its line end. The same alert is always the same bytes. */
export function alertLine(alert: Alert): string {
  const text = JSON.stringify(alert).replace(
    unescaped,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${text}\n`;
}
