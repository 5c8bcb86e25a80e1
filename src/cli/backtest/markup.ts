import { printable } from "../../core/text.ts";

/** HTML that is known to be safe: written in this program, with all values in it escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type MarkupValue = string | number | Markup | readonly Markup[] | undefined;

/**
 * HTML from a template. Every value is escaped unless it is markup itself, so nothing that an event says can become part
 * of the page; `undefined` is nothing. Values stand in elements or in quoted attributes, never in scripts or styles.
 */
export function markup(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  const parts = values.map((value, index) => (strings[index] ?? "") + textOf(value));
  return new Markup(parts.join("") + (strings.at(-1) ?? ""));
}

function textOf(value: MarkupValue): string {
  if (value === undefined) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "string" || typeof value === "number") return escape(String(value));
  return value.map(({ text }) => text).join("");
}

/** Line breaks stay; other control characters and marks that reorder text become visible. */
function escape(text: string): string {
  const visible = text.split("\n").map(printable).join("\n");
  return visible.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}
