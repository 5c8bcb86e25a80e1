/** A package name as indexes compare it: lower case, with runs of `-`, `_` and `.` as one `-` (PEP 503). */
export function normalizeName(name: string): string {
  return name.replace(/[-_.]+/g, "-").toLowerCase();
}

/** What the file name of a wheel says. */
export interface WheelName {
  /** Normalized. */
  readonly name: string;
  readonly version: string;
  /** A higher build of the same version replaces a lower one; 0 where there is none. */
  readonly build: number;
  /** True when it runs on any platform with the Python that rules run on. */
  readonly pure: boolean;
}

const wheelPattern =
  /^(?<name>[\w.]+)-(?<version>[\w.!+]+)(?:-(?<build>\d+)\w*)?-(?<python>[\w.]+)-(?<abi>[\w.]+)-(?<platform>[\w.]+)\.whl$/;

/** `undefined` for a file that is not a wheel, or whose name could lead out of a folder. */
export function parseWheelName(file: string): WheelName | undefined {
  const groups = wheelPattern.exec(file)?.groups;
  if (groups === undefined) return undefined;
  const { name = "", version = "", build = "0", python = "", abi = "", platform = "" } = groups;
  const pure = abi === "none" && platform === "any" && python.split(".").some(runsHere);
  // In file names `_` stands for the `-` of a version.
  return {
    name: normalizeName(name),
    version: version.replaceAll("_", "-"),
    build: Number(build),
    pure,
  };
}

/** `py3`, or the tag of one Python 3 up to ours, such as `py38`. */
function runsHere(tag: string): boolean {
  const minor = /^py3(\d*)$/.exec(tag)?.[1];
  return minor === "" || (minor !== undefined && Number(minor) <= 14);
}
