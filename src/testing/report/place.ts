import { relative } from "node:path";

/** A file as people name it: relative to the working folder when it is below it. With `:line` where that is known. */
export function placeOf(file: string, line: number = 0): string {
  const fromHere = relative(process.cwd(), file);
  const shown = fromHere === "" || fromHere.startsWith("..") ? file : fromHere;
  return line === 0 ? shown : `${shown}:${line}`;
}
