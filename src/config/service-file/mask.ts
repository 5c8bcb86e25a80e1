import type { JsonValue } from "../../core/json.ts";

/** What stands for a secret that is set. */
const hiddenText = "(hidden)";

/** Whether secrets are shown; where not, neither is content that holds one of the texts that were put in by `${…}`. */
export type SecretsShown =
  | { readonly shown: true }
  | { readonly shown: false; readonly substituted: ReadonlySet<string> };

/** Hides secrets in what is shown of a configuration. */
export class Mask {
  readonly #secrets: SecretsShown;

  constructor(secrets: SecretsShown) {
    this.#secrets = secrets;
  }

  /** A text that is nobody's business. */
  secret(text: string): string {
    return this.#secrets.shown ? text : hiddenText;
  }

  /** An address: without what follows `?` or `#`, and without a path that was put in. */
  url(text: string): string {
    if (this.#secrets.shown) return text;
    const { protocol, host, pathname, search, hash } = new URL(text);
    const path = this.#secrets.substituted.has(text) ? `/${hiddenText}` : pathname;
    const rest = search === "" && hash === "" ? "" : `?${hiddenText}`;
    return `${protocol}//${host}${path}${rest}`;
  }

  /** What may be known but for the texts that were put in. */
  content(value: JsonValue): JsonValue {
    if (this.#secrets.shown) return value;
    const { substituted } = this.#secrets;
    const hide = (part: JsonValue): JsonValue => {
      if (typeof part === "string") return substituted.has(part) ? hiddenText : part;
      if (typeof part !== "object" || part === null) return part;
      if (Array.isArray(part)) return part.map(hide);
      return Object.fromEntries(Object.entries(part).map(([key, member]) => [key, hide(member)]));
    };
    return hide(value);
  }
}
