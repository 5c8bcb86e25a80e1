/**
 * The beginning of a text within so many UTF-16 units, with an ellipsis where something is missing; never half of a character,
 * or of what `show` makes of one.
 */
export function cut(
  text: string,
  lengthMax: number,
  show: (character: string) => string = (character) => character,
): string {
  let shown = "";
  let lengthOfCut = 0;
  for (const character of text.toWellFormed()) {
    shown += show(character);
    if (shown.length < lengthMax) lengthOfCut = shown.length;
    if (shown.length > lengthMax) return `${shown.slice(0, lengthOfCut)}…`;
  }
  return shown;
}
