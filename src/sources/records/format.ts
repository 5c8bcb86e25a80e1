/**
 * How records stand in a stream: one per line; the elements of a JSON array; the elements of an array that is a field of
 * an object; JSON values one after another, each over any number of lines.
 */
export const formats = ["lines", "array", "envelope", "documents"] as const;

export type Format = (typeof formats)[number];

/** Field of an envelope's array that is recognised by itself: that of CloudTrail. */
export const defaultEnvelopeField = "Records";

/** What is looked at, at most, before input that shows nothing else is taken for lines. */
export const detectionBytesMax = 1024;

export interface Detection {
  /** Field of the array in an envelope, where the user has named one. */
  readonly envelopeField: string | undefined;
  /** True when `text` is all that will be looked at. */
  readonly complete: boolean;
}

/** The format of a stream that begins with `text`, or `undefined` when more of it is needed to tell. */
export function detectFormat(text: string, detection: Detection): Format | undefined {
  const rest = text.replace(/^[ \t\r\n]+/, "");
  const undecided = detection.complete ? "lines" : undefined;
  if (rest === "") return undecided;
  if (rest.startsWith("[")) return detectArray(rest, detection.complete) ?? undecided;
  if (!rest.startsWith("{")) return "lines";
  if (detection.envelopeField !== undefined) return "envelope";
  const isEnvelope = startsWithTokens(rest, ["{", `"${defaultEnvelopeField}"`, ":", "["]);
  if (isEnvelope === true) return "envelope";
  if (isEnvelope === undefined && !detection.complete) return undefined;
  return /^\{[ \t\r]*\n/.test(rest) ? "documents" : "lines";
}

/** Text logs begin with a bracket too (`[error] …`, `[2024-01-01 …`), so the first element must be an object or text. */
function detectArray(text: string, complete: boolean): Format | undefined {
  const first = /[^[\s]/.exec(text)?.[0];
  if (first === undefined) return undefined;
  if (first === "]" && /^\[\s*\]\s*$/.test(text)) return complete ? "array" : undefined;
  return first === "{" || first === '"' ? "array" : "lines";
}

/** Whether the text begins with these tokens, white space between them; `undefined` when it ends among them. */
function startsWithTokens(text: string, tokens: readonly string[]): boolean | undefined {
  let index = 0;
  for (const token of tokens) {
    while (/\s/.test(text.charAt(index))) index++;
    const found = text.slice(index, index + token.length);
    if (found !== token) return found.length < token.length && token.startsWith(found) ? undefined : false;
    index += token.length;
  }
  return true;
}
