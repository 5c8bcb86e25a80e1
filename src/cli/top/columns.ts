import { printable } from "../../core/text.ts";

export interface FrameColumn {
  readonly name: string;
  readonly width: number;
  readonly align?: "right";
}

/** A row to show, and how it stands out. */
export interface FrameRow {
  readonly cells: readonly string[];
  readonly format?: "red" | "yellow" | "dim";
}

/** Text of exactly so many characters, nothing in it but what can be shown; what does not fit ends in `…`. */
export function fit(text: string, width: number, align: "left" | "right" = "left"): string {
  const characters = Array.from(printable(text));
  if (characters.length > width)
    return `${characters.slice(0, Math.max(0, width - 1)).join("")}${width > 0 ? "…" : ""}`;
  const padding = " ".repeat(width - characters.length);
  return align === "right" ? padding + characters.join("") : characters.join("") + padding;
}

/** One line of a table: the first column takes what the others leave, so that they stay where they are. */
export function fitColumns(columns: readonly FrameColumn[], cells: readonly string[], width: number): string {
  const others = columns.slice(1).reduce((sum, column) => sum + column.width + 2, 0);
  const widths = columns.map((column, index) =>
    index === 0 ? Math.max(column.width, width - others) : column.width,
  );
  const line = columns
    .map(({ align }, index) => fit(cells[index] ?? "", widths[index] ?? 0, align))
    .join("  ");
  return Array.from(line).slice(0, width).join("").trimEnd();
}
