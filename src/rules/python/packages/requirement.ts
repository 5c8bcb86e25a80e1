import { parseMarker, type Marker } from "./marker.ts";
import { normalizeName } from "./names.ts";
import { isSpecifier } from "./versions.ts";

/** What someone asks for: `NAME[extra]>=1.2; marker` (PEP 508). */
export interface Requirement {
  /** Normalized. */
  readonly name: string;
  /** Normalized, sorted, each once. */
  readonly extras: readonly string[];
  /** Such as `>=1.2,<2`; `""` allows every version. */
  readonly specifier: string;
  readonly applies: Marker;
}

const pattern =
  /^\s*(?<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[(?<extras>[^\]]*)\])?\s*(?<specifier>\([^()]*\)|[^;@]*?)\s*(?:;(?<marker>.*))?$/s;

// Longer text is no requirement, and keeps patterns from running long.
const lengthMax = 4096;

/** `undefined` for text that is not a requirement, or one that names a URL. */
export function parseRequirement(text: string): Requirement | undefined {
  const groups = text.length > lengthMax ? undefined : pattern.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { name = "", extras = "", marker } = groups;
  const specifier = (groups["specifier"] ?? "").replace(/^\(|\)$/g, "").trim();
  const applies = marker === undefined ? () => true : parseMarker(marker);
  const extraNames = extras.split(",").map((extra) => extra.trim());
  if (applies === undefined || !isSpecifier(specifier)) return undefined;
  if (extras.trim() !== "" && extraNames.some((extra) => !/^[A-Za-z0-9][\w.-]*$/.test(extra)))
    return undefined;
  return {
    name: normalizeName(name),
    extras: [...new Set(extraNames.filter((extra) => extra !== "").map(normalizeName))].sort(),
    specifier: specifier
      .split(",")
      .map((clause) => clause.replace(/\s+/g, ""))
      .join(","),
    applies,
  };
}

/** `name[extra]>=1`, as a person would write it; the marker is left out. */
export function renderRequirement({ name, extras, specifier }: Omit<Requirement, "applies">): string {
  return `${name}${extras.length === 0 ? "" : `[${extras.join(",")}]`}${specifier}`;
}
