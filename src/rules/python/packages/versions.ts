import { compare, explain, satisfies, valid, validRange } from "@renovatebot/pep440";

/** True for a version that PEP 440 knows; others are passed over, as pip does. */
export function isVersion(version: string): boolean {
  return valid(version) !== null;
}

/** True for text such as `>=1.2,<2`; empty text allows every version. */
export function isSpecifier(specifier: string): boolean {
  return validRange(specifier);
}

/** Whether a version is within a specifier; pre-releases count like any other version. */
export function fits(version: string, specifier: string): boolean {
  return satisfies(
    specifier.includes("*") || specifier.includes("~=") ? padded(version) : version,
    specifier,
    {
      prereleases: true,
    },
  );
}

/** `2` is in `==2.0.*`, which the library sees only when the zero is written. */
function padded(version: string): string {
  return version.replace(/^(?:v?\d+!)?v?\d+(?:\.\d+)*/i, (release) =>
    release.split(".").length < 4 ? `${release}${".0".repeat(4 - release.split(".").length)}` : release,
  );
}

export function isPrerelease(version: string): boolean {
  return explain(version)?.is_prerelease ?? false;
}

/** True when a specifier names a pre-release, which asks for pre-releases altogether. */
export function asksForPrereleases(specifier: string): boolean {
  return specifier
    .split(",")
    .some((clause) => !clause.includes("!=") && isPrerelease(clause.replace(/^[\s=<>~]+/, "").trim()));
}

/** True when a specifier names this one version, with `==` or `===` and no wildcard. */
export function pins(specifier: string, version: string): boolean {
  return specifier
    .split(",")
    .map((clause) => clause.trim())
    .some((clause) => clause.startsWith("==") && !clause.endsWith("*") && fits(version, clause));
}

/** For sorting: newest first. */
export function newestFirst(left: string, right: string): number {
  return compare(right, left);
}
