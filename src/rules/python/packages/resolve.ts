import { StakeoutError, type ErrorCode } from "../../../core/errors.ts";
import { findCandidates, type Candidate, type CandidateResult } from "./candidates.ts";
import type { ProjectFile } from "./index-page.ts";
import { packageLimits } from "./limits.ts";
import { pythonVersion } from "./marker.ts";
import type { WheelMetadata } from "./metadata.ts";
import { renderRequirement, type Requirement } from "./requirement.ts";
import { fits, isSpecifier } from "./versions.ts";

/** What resolving asks of an index. */
export interface ResolveIndex {
  files(name: string): Promise<readonly ProjectFile[]>;
  metadata(wheel: ProjectFile): Promise<WheelMetadata>;
}

export interface ResolveOptions {
  readonly index: ResolveIndex;
  /** Versions to keep where they fit, by name: those of the lock. */
  readonly preferred: ReadonlyMap<string, string>;
}

export interface ResolvedPackage extends Candidate {
  /** Names of the packages it asks for here, sorted. */
  readonly requires: readonly string[];
}

export interface Resolution {
  /** Sorted by name. */
  readonly packages: readonly ResolvedPackage[];
  /** What a person should know: an older version was taken and why, an extra that does not exist. */
  readonly warnings: readonly string[];
}

/**
 * Finds one version of each package so that everything that is asked for is met, the newest where it can. Throws
 * `PACKAGE_NOT_FOUND`, `PACKAGE_UNUSABLE` (it cannot run here), `PACKAGE_CONFLICT`, and what the index throws.
 */
export async function resolvePackages(
  requested: readonly Requirement[],
  options: ResolveOptions,
): Promise<Resolution> {
  return new Resolver(options).resolve(requested);
}

/** A requirement with who has it. */
interface Demand {
  readonly requirement: Requirement;
  /** `undefined`: the user. */
  readonly by: Candidate | undefined;
  /** Packages without which this demand would not be made. */
  readonly causes: ReadonlySet<string>;
}

interface Choice {
  readonly candidate: Candidate;
  readonly metadata: WheelMetadata;
}

interface State {
  readonly demands: readonly Demand[];
  readonly chosen: ReadonlyMap<string, Choice>;
}

/** No way on from here. */
interface DeadEnd {
  readonly code: ErrorCode;
  readonly message: string;
  /** Another version of one of these might help; of any other package, not. */
  readonly culprits: ReadonlySet<string>;
}

class Resolver {
  readonly #options: ResolveOptions;
  readonly #found = new Map<string, CandidateResult>();
  readonly #missingExtras = new Set<string>();
  // Why the first version that was tried of a package could not be taken.
  readonly #refused = new Map<string, { readonly version: string; readonly message: string }>();
  #attempts = 0;

  constructor(options: ResolveOptions) {
    this.#options = options;
  }

  async resolve(requested: readonly Requirement[]): Promise<Resolution> {
    const start: State = { demands: [], chosen: new Map() };
    const demands = requested
      .filter(({ applies }) => applies(""))
      .map((requirement) => ({ requirement, by: undefined, causes: new Set<string>() }));
    const first = this.#absorb(start, demands);
    const end = isDeadEnd(first) ? first : await this.#solve(first);
    if (isDeadEnd(end)) throw new StakeoutError(end.code, end.message);
    return { packages: listPackages(end), warnings: this.#warnings(end) };
  }

  async #solve(state: State): Promise<State | DeadEnd> {
    const open = state.demands.find(({ requirement }) => !state.chosen.has(requirement.name));
    if (open === undefined) return state;
    const { name } = open.requirement;
    const demands = demandsOn(state, name);
    const candidates = await this.#candidates(name, demands);
    if (isDeadEnd(candidates)) return candidates;
    const culprits = causesOf(demands);
    let firstEnd: DeadEnd | undefined;
    for (const candidate of candidates) {
      const end = await this.#take(state, candidate);
      if (!isDeadEnd(end)) return end;
      firstEnd ??= end;
      if (!this.#refused.has(name)) {
        this.#refused.set(name, { version: candidate.version, message: end.message });
      }
      // The failure has nothing to do with this package, so its other versions would fail in the same way.
      if (!end.culprits.has(name)) return end;
      for (const culprit of end.culprits) if (culprit !== name) culprits.add(culprit);
      this.#attempts += 1;
      if (this.#attempts >= packageLimits.attemptsMax) throw gaveUp(firstEnd);
    }
    return { ...(firstEnd ?? impossible(name)), culprits };
  }

  /** Goes on with this version chosen. */
  async #take(state: State, candidate: Candidate): Promise<State | DeadEnd> {
    const metadata = await this.#options.index.metadata(candidate.wheel);
    const { requiresPython } = metadata;
    const { name, version } = candidate;
    if (isSpecifier(requiresPython) && !fits(pythonVersion, requiresPython)) {
      return {
        code: "PACKAGE_UNUSABLE",
        message: `${name} ${version} asks for Python ${requiresPython}, and rules run on ${pythonVersion}.`,
        culprits: new Set([name]),
      };
    }
    const choice = { candidate, metadata };
    const chosen = new Map(state.chosen).set(name, choice);
    const needs = [
      ...needsOf(choice, ""),
      ...demandsOn(state, name).flatMap((demand) => this.#extraNeeds(choice, demand)),
    ];
    const next = this.#absorb({ demands: state.demands, chosen }, needs);
    return isDeadEnd(next) ? next : this.#solve(next);
  }

  /** Adds demands, and what the extras in them ask for of packages that are chosen already. */
  #absorb(state: State, incoming: readonly Demand[]): State | DeadEnd {
    const queue = [...incoming];
    const demands = [...state.demands];
    const seen = new Set(demands.map(keyOf));
    for (const demand of queue) {
      if (seen.has(keyOf(demand))) continue;
      seen.add(keyOf(demand));
      demands.push(demand);
      const { name, specifier } = demand.requirement;
      const choice = state.chosen.get(name);
      if (choice === undefined) continue;
      if (!fits(choice.candidate.version, specifier)) {
        const all = demands.filter(({ requirement }) => requirement.name === name);
        return { ...conflict(name, all), culprits: causesOf(all).add(name) };
      }
      queue.push(...this.#extraNeeds(choice, demand));
    }
    return { demands, chosen: state.chosen };
  }

  #extraNeeds(choice: Choice, demand: Demand): readonly Demand[] {
    const { name } = choice.candidate;
    return demand.requirement.extras.flatMap((extra) => {
      if (!choice.metadata.extras.has(extra)) this.#missingExtras.add(`${name} has no extra "${extra}".`);
      return needsOf(choice, extra).map(({ requirement, by, causes }) => ({
        requirement,
        by,
        causes: new Set([...causes, ...demand.causes]),
      }));
    });
  }

  async #candidates(name: string, demands: readonly Demand[]): Promise<readonly Candidate[] | DeadEnd> {
    const files = await this.#options.index.files(name);
    const preferred = this.#options.preferred.get(name);
    const find = (several: readonly Demand[]): CandidateResult =>
      this.#remember(several.map(({ requirement }) => `${name}${requirement.specifier}`).join(), () => {
        const specifiers = several.map(({ requirement }) => requirement.specifier);
        return findCandidates({ name, files, specifiers, preferred });
      });
    const { candidates, missing } = find(demands);
    if (missing === undefined) return candidates;
    for (const demand of demands) {
      const alone = find([demand]);
      if (alone.missing === undefined) continue;
      return {
        code: alone.unusable ? "PACKAGE_UNUSABLE" : "PACKAGE_NOT_FOUND",
        message: `${name} ${alone.missing}. ${describe([demand])}.`,
        culprits: demand.causes,
      };
    }
    // Each demand can be met, but not all at once.
    return { ...conflict(name, demands), culprits: causesOf(demands) };
  }

  /** Going back and forth asks the same again and again. */
  #remember(key: string, find: () => CandidateResult): CandidateResult {
    const result = this.#found.get(key) ?? find();
    this.#found.set(key, result);
    return result;
  }

  #warnings({ chosen }: State): readonly string[] {
    const older = [...this.#refused].flatMap(([name, { version, message }]) => {
      const taken = chosen.get(name)?.candidate.version;
      return taken === undefined || taken === version
        ? []
        : [`${name} ${taken} is taken instead of ${version}: ${message}`];
    });
    return [...older, ...this.#missingExtras].sort();
  }
}

/** What a chosen version asks for; with an extra, what that adds. */
function needsOf({ candidate, metadata }: Choice, extra: string): readonly Demand[] {
  return metadata.requirements
    .filter(({ applies }) => (extra === "" ? applies("") : applies(extra) && !applies("")))
    .map((requirement) => ({ requirement, by: candidate, causes: new Set([candidate.name]) }));
}

function demandsOn(state: State, name: string): readonly Demand[] {
  return state.demands.filter(({ requirement }) => requirement.name === name);
}

function keyOf({ by, requirement }: Demand): string {
  return `${by?.name ?? ""} ${renderRequirement(requirement)}`;
}

function causesOf(demands: readonly Demand[]): Set<string> {
  return new Set(demands.flatMap(({ causes }) => [...causes]));
}

function isDeadEnd(value: State | DeadEnd | readonly Candidate[]): value is DeadEnd {
  return "culprits" in value;
}

function conflict(name: string, demands: readonly Demand[]): Pick<DeadEnd, "code" | "message"> {
  return {
    code: "PACKAGE_CONFLICT",
    message: `No version of ${name} meets all that is asked for. ${describe(demands)}.`,
  };
}

/** Who asks for what. */
function describe(demands: readonly Demand[]): string {
  const parts = demands.map(({ by, requirement }) => {
    const who = by === undefined ? "you ask" : `${by.name} ${by.version} asks`;
    return `${who} for ${renderRequirement(requirement)}`;
  });
  return parts.join("; ").replace(/^you/, "You");
}

function gaveUp({ message }: DeadEnd): StakeoutError {
  return new StakeoutError(
    "PACKAGE_CONFLICT",
    `No packages that fit together were found among the first ${packageLimits.attemptsMax} versions; name versions to narrow it ` +
      `down (NAME==VERSION). What stood in the way first: ${message}`,
  );
}

function impossible(name: string): Omit<DeadEnd, "culprits"> {
  return { code: "PACKAGE_CONFLICT", message: `No version of ${name} can be taken.` };
}

function listPackages({ chosen, demands }: State): readonly ResolvedPackage[] {
  return [...chosen.values()]
    .map(({ candidate: { name, version, wheel } }) => ({
      name,
      version,
      wheel,
      requires: [
        ...new Set(
          demands
            .filter(({ by, requirement }) => by?.name === name && requirement.name !== name)
            .map(({ requirement }) => requirement.name),
        ),
      ].sort(),
    }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}
