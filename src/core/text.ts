/**
 * Text that came from outside, made safe to show on a terminal: control characters (escape sequences among them), line
 * breaks and direction overrides become visible escapes such as `\x1b` or `\u202e`; lone surrogates become U+FFFD.
 */
export function printable(text: string): string {
  return text.toWellFormed().replace(unprintable, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

// C0, DEL and C1 controls; then marks that reorder or break what is shown around them.
const unprintable =
  // oxlint-disable-next-line eslint/no-control-regex -- control characters are what it looks for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;
