import { printable } from "../../core/text.ts";

/** How a line stands out on a screen that shows it. */
export type LineFormat = "bold" | "red" | "yellow" | "dim" | "inverse" | undefined;

export interface FrameLine {
  readonly text: string;
  readonly format: LineFormat;
}

export interface FrameColumn {
  readonly name: string;
  readonly width: number;
  readonly align?: "right";
}

export interface FrameRow {
  readonly cells: readonly string[];
  readonly format: LineFormat;
}

export interface FrameTable {
  readonly columns: readonly FrameColumn[];
  /** Those first that are to be seen where there is no room for all. */
  readonly rows: readonly FrameRow[];
  /** Part of the room that it may take where there is too little for all tables. */
  readonly share: number;
}

/** Text of exactly so many characters, nothing in it but what can be shown; what does not fit ends in `…`. */
export function fit(text: string, width: number, align?: "right"): string {
  const characters = Array.from(printable(text));
  if (characters.length > width) return width <= 0 ? "" : `${characters.slice(0, width - 1).join("")}…`;
  const padding = " ".repeat(width - characters.length);
  return align === "right" ? padding + characters.join("") : characters.join("") + padding;
}

/** Tables below each other, an empty line before each; the room that a small one leaves goes to the others. */
export function layOut(tables: readonly FrameTable[], width: number, room: number): readonly FrameLine[] {
  const shown = tables.filter((table) => table.rows.length > 0);
  const heights = new Map<FrameTable, number>();
  let left = room - 2 * shown.length;
  let shares = shown.reduce((sum, { share }) => sum + share, 0);
  // The smallest first: what they do not need is known before the others are given theirs.
  const need = ({ rows, share }: FrameTable): number => rows.length / share;
  for (const table of [...shown].sort((one, other) => need(one) - need(other))) {
    const height = Math.max(0, Math.min(table.rows.length, Math.floor((left * table.share) / shares)));
    heights.set(table, height);
    left -= height;
    shares -= table.share;
  }
  return shown.flatMap((table) => tableLines(table, width, heights.get(table) ?? 0));
}

function tableLines({ columns, rows }: FrameTable, width: number, height: number): readonly FrameLine[] {
  const shown = rows.slice(0, height);
  const names = columns.map(({ name }) => name);
  if (shown.length < rows.length) names[0] = `${names[0] ?? ""} (${shown.length}/${rows.length})`;
  return [
    { text: "", format: undefined },
    { text: fitColumns(columns, names, width), format: "bold" },
    ...shown.map(({ cells, format }) => ({ text: fitColumns(columns, cells, width), format })),
  ];
}

/** One line of a table: the first column takes what the others leave, so that they stay where they are. */
function fitColumns(columns: readonly FrameColumn[], cells: readonly string[], width: number): string {
  const others = columns.slice(1).reduce((sum, column) => sum + column.width + 2, 0);
  const line = columns
    .map((column, index) => {
      const columnWidth = index === 0 ? Math.max(column.width, width - others) : column.width;
      return fit(cells[index] ?? "", columnWidth, column.align);
    })
    .join("  ");
  return fit(line.trimEnd(), width).trimEnd();
}
