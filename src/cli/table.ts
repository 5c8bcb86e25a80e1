import { printable } from "../core/text.ts";
import { paint, type Screen } from "./io.ts";

export interface Column {
  readonly name: string;
  readonly align?: "right";
}

/**
 * Rows below a heading, as wide as their longest value; the last column is not padded. Values may come from an attacker's
 * event, so nothing in them reaches the terminal as a control character.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  screen: Screen,
): string {
  const shown = rows.map((row) => row.map(printable));
  const widths = columns.map(({ name }, index) =>
    shown.reduce((widest, row) => Math.max(widest, width(row[index] ?? "")), width(name)),
  );
  const line = (row: readonly string[]): string =>
    columns
      .map(({ align }, index) => {
        const value = row[index] ?? "";
        const padding = " ".repeat((widths[index] ?? 0) - width(value));
        return align === "right" ? padding + value : value + padding;
      })
      .join("  ")
      .trimEnd();
  const heading = paint(screen, "bold", line(columns.map(({ name }) => name)));
  return [heading, ...shown.map(line)].map((text) => `${text}\n`).join("");
}

function width(text: string): number {
  return Array.from(text).length;
}
