import { isThenable } from "../../src/core/json.ts";
import type { Commit, StateOperations, StateStore } from "../../src/state/store.ts";
import type { FaultKind } from "../plan.ts";
import type { Life, Machine, Site } from "./machine.ts";
import type { SimFolder } from "./sim-folder.ts";
import type { StateDisk } from "./state-disk.ts";

export interface SimStoreParts {
  readonly inner: StateStore;
  readonly machine: Machine;
  readonly life: Life;
  readonly disk: StateDisk;
  readonly folder: SimFolder;
  /** Answers later, also where the store itself answers at once. */
  readonly waits: boolean;
}

const operations: ReadonlySet<string> = new Set<keyof StateOperations>([
  "getCounter",
  "incrementCounter",
  "resetCounter",
  "setKeyExpiration",
  "getStringSet",
  "putStringSet",
  "addToStringSet",
  "removeFromStringSet",
  "resetStringSet",
  "getDictionary",
  "putDictionary",
]);

const readers: Readonly<Partial<Record<string, Site>>> = {
  readPosition: "position",
  readEntry: "entry",
  listEntries: "entry",
};

/** A store whose calls are steps of the machine. */
export function createSimStore(parts: SimStoreParts): StateStore {
  const { inner, life, waits } = parts;
  return new Proxy(inner, {
    get(target, name) {
      if (name === "commit") return (commit: Commit) => commitTo(parts, commit);
      if (name === "close") return () => close(parts);
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const call = (...given: unknown[]): unknown => Reflect.apply(value, target, given);
      const site = siteOf(String(name));
      if (site === undefined) return call;
      // An operation that answers at once leaves no time for anything else to happen.
      if (site === "operation" && !waits) return call;
      return (...given: unknown[]) => {
        const answer = life.perform(site, { run: () => call(...given) });
        return waits && !isThenable(answer) ? Promise.resolve(answer) : answer;
      };
    },
  });
}

function siteOf(name: string): Site | undefined {
  return operations.has(name) ? "operation" : readers[name];
}

async function commitTo(
  { inner, machine, life, disk, folder }: SimStoreParts,
  commit: Commit,
): Promise<void> {
  const run = async (): Promise<void> => {
    await inner.commit(commit);
    machine.commits += 1;
    disk.synced();
  };
  const half = async (what: FaultKind): Promise<void> => {
    // SQLite takes back what it could not write; what was written and not synced may be lost with the power only.
    if (what === "power") await inner.commit(commit);
    else if (what === "kill") await run();
  };
  await life.perform("commit", { run, half, mayFail: true });
  life.committed();
  if (!folder.checkpointDue) return;
  await life.perform("checkpoint", { run: () => disk.checkpoint(() => folder.checkpoint()) });
  disk.checkpointDone();
}

async function close({ inner, life, disk }: SimStoreParts): Promise<void> {
  if (life.dead) return;
  await inner.close();
  disk.synced();
}
