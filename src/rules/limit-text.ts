/** Most characters of a text that a rule's function answers, mark included. Characters are Unicode code points. */
const textCharactersMax = 1000;

const truncationMark = "... (truncated)";

/**
 * A text within the limit: unchanged, or its beginning with `... (truncated)`. Code points are counted as Panther counts
 * them, so a surrogate pair is never cut; a lone surrogate becomes U+FFFD, as it would anyway once written as UTF-8.
 */
export function limitText(text: string): string {
  const wellFormed = text.toWellFormed();
  // A code point takes at most two code units, so most texts need no counting.
  if (wellFormed.length <= textCharactersMax) return wellFormed;
  const end = unitsOf(wellFormed, textCharactersMax);
  if (end === wellFormed.length) return wellFormed;
  return wellFormed.slice(0, unitsOf(wellFormed, textCharactersMax - truncationMark.length)) + truncationMark;
}

/** How many code units the first code points take; the whole length when there are not so many. */
function unitsOf(text: string, codePoints: number): number {
  let units = 0;
  for (let counted = 0; counted < codePoints && units < text.length; counted++) {
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  }
  return units;
}
