import type { ProjectFile } from "./index-page.ts";
import { pythonVersion } from "./marker.ts";
import { parseWheelName, type WheelName } from "./names.ts";
import {
  asksForPrereleases,
  fits,
  isPrerelease,
  isSpecifier,
  isVersion,
  newestFirst,
  pins,
} from "./versions.ts";

/** A version of a package that can run here. */
export interface Candidate {
  readonly name: string;
  readonly version: string;
  readonly wheel: ProjectFile;
}

export interface CandidateQuery {
  /** Normalized. */
  readonly name: string;
  readonly files: readonly ProjectFile[];
  /** All must be met. */
  readonly specifiers: readonly string[];
  /** The version that the lock has: tried first, also when it was yanked since. */
  readonly preferred: string | undefined;
}

export interface CandidateResult {
  /** In the order to try them: the preferred version, then the newest first. */
  readonly candidates: readonly Candidate[];
  /** Why there are none, as the end of a sentence about the package; `undefined` when there are some. */
  readonly missing: string | undefined;
  /** True when versions are there but cannot run here. */
  readonly unusable: boolean;
}

interface Wheel extends Candidate {
  readonly build: number;
}

/** The versions that fit, as pip would choose them, but only wheels without compiled code. */
export function findCandidates(query: CandidateQuery): CandidateResult {
  const wheels = pureWheels(query);
  const allowed = wheels.filter(
    ({ wheel, version }) => isAllowed(wheel, version, query) && runsHere(wheel) && inRange(version, query),
  );
  const final = allowed.filter(({ version }) => !isPrerelease(version));
  const wanted = query.specifiers.some(asksForPrereleases) || final.length === 0 ? allowed : final;
  const candidates = bestPerVersion(wanted);
  const preferred = candidates.findIndex(({ version }) => version === query.preferred);
  if (preferred > 0) candidates.unshift(...candidates.splice(preferred, 1));
  return { candidates, ...(candidates.length > 0 ? found : explainNone(query, wheels)) };
}

const found = { missing: undefined, unusable: false } as const;

function pureWheels({ name, files }: CandidateQuery): readonly Wheel[] {
  return files.flatMap((wheel) => {
    const parsed = parseWheelName(wheel.file);
    if (!isWheelOf(parsed, name) || !parsed.pure) return [];
    return { name, version: parsed.version, build: parsed.build, wheel };
  });
}

function isWheelOf(parsed: WheelName | undefined, name: string): parsed is WheelName {
  return parsed?.name === name && isVersion(parsed.version);
}

function isAllowed({ yanked }: ProjectFile, version: string, query: CandidateQuery): boolean {
  return !yanked || version === query.preferred || query.specifiers.some((each) => pins(each, version));
}

function inRange(version: string, { specifiers }: CandidateQuery): boolean {
  return specifiers.every((specifier) => fits(version, specifier));
}

/** What cannot be read is passed over, as pip does. */
function runsHere({ requiresPython }: ProjectFile): boolean {
  return !isSpecifier(requiresPython) || fits(pythonVersion, requiresPython);
}

function bestPerVersion(wheels: readonly Wheel[]): Candidate[] {
  const sorted = [...wheels].sort(
    (left, right) => newestFirst(left.version, right.version) || right.build - left.build,
  );
  return sorted
    .filter(({ version }, index) => version !== sorted[index - 1]?.version)
    .map(({ name, version, wheel }) => ({ name, version, wheel }));
}

function explainNone(
  query: CandidateQuery,
  wheels: readonly Wheel[],
): Pick<CandidateResult, "missing" | "unusable"> {
  const { files } = query;
  if (files.length === 0) return { missing: "is not in the index", unusable: false };
  const fitting = wheels.filter(({ version }) => inRange(version, query));
  const tooNew = fitting.find(({ wheel }) => !runsHere(wheel));
  if (tooNew !== undefined) {
    const { version, wheel } = tooNew;
    return {
      missing: `${version} asks for Python ${wheel.requiresPython}, and rules run on ${pythonVersion}`,
      unusable: true,
    };
  }
  if (fitting.length > 0) return { missing: "has only versions that were taken back", unusable: true };
  const compiled = files
    .map(({ file }) => parseWheelName(file))
    .filter((parsed) => isWheelOf(parsed, query.name))
    .filter(({ version, pure }) => !pure && inRange(version, query))
    .sort((left, right) => newestFirst(left.version, right.version))[0];
  if (compiled !== undefined) {
    return {
      missing: `${compiled.version} is only offered with compiled code, which cannot run here: rules need a pure wheel (py3-none-any)`,
      unusable: true,
    };
  }
  if (wheels.length > 0)
    return { missing: `has no such version; it has ${listVersions(wheels)}`, unusable: false };
  return {
    missing: "has no pure wheel (py3-none-any); source archives are not built here",
    unusable: true,
  };
}

function listVersions(wheels: readonly Wheel[]): string {
  const versions = bestPerVersion(wheels).map(({ version }) => version);
  return versions.length > 8 ? `${versions.slice(0, 8).join(", ")}, …` : versions.join(", ");
}
