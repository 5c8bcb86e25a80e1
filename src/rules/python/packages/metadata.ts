import { StakeoutError } from "../../../core/errors.ts";
import { normalizeName } from "./names.ts";
import { parseRequirement, type Requirement } from "./requirement.ts";

/** What a wheel says about itself, as far as it decides what else is needed. */
export interface WheelMetadata {
  /** What it asks for, also for extras and other environments: ask `applies`. */
  readonly requirements: readonly Requirement[];
  /** Extras it offers, normalized. */
  readonly extras: ReadonlySet<string>;
  /** Versions of Python, such as `>=3.9`; `""` where it does not say. */
  readonly requiresPython: string;
}

/** Reads the text of a METADATA file. `file` names the wheel in errors. Throws `PACKAGE_UNUSABLE`. */
export function parseMetadata(text: string, file: string): WheelMetadata {
  const headers = readHeaders(text);
  const requirements = headers("requires-dist").map((line) => {
    const requirement = parseRequirement(line);
    if (requirement !== undefined) return requirement;
    throw new StakeoutError(
      "PACKAGE_UNUSABLE",
      `${file} asks for "${line}", which is not a name with versions. Choose another version of it.`,
      { fields: { file } },
    );
  });
  return {
    requirements,
    extras: new Set(headers("provides-extra").map(normalizeName)),
    requiresPython: headers("requires-python")[0] ?? "",
  };
}

/** The values of a header, by its name in lower case. A value may go on in lines that begin with a space. */
function readHeaders(text: string): (name: string) => readonly string[] {
  const head = text.replaceAll("\r\n", "\n").split("\n\n", 1)[0] ?? "";
  const headers = head
    .replace(/\n[ \t]+/g, " ")
    .split("\n")
    .map((line) => {
      const colon = line.indexOf(":");
      return { name: line.slice(0, colon).toLowerCase(), value: line.slice(colon + 1).trim() };
    });
  return (name) => headers.filter((header) => header.name === name).map(({ value }) => value);
}
