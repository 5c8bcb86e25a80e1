import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What V8 writes with `--cpu-prof`. Times are in microseconds. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

type Place = "python" | "outside" | "idle";

/**
 * The share of the lane's working time, in the last `seconds` of it, that went by inside the Python interpreter: in its
 * WebAssembly and the JavaScript that belongs to it. `folder` holds the profiles of all threads.
 */
export function pythonShare(folder: string, seconds: number): number {
  const profiles = readdirSync(folder).map(
    (name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as CpuProfile,
  );
  const times = profiles.map((profile) => timesOf(profile, seconds));
  // The lane is the thread that worked most.
  times.sort((left, right) => right.python + right.outside - left.python - left.outside);
  const [lane] = times;
  return lane === undefined ? Number.NaN : lane.python / (lane.python + lane.outside);
}

function timesOf({ nodes, samples, timeDeltas }: CpuProfile, seconds: number): Record<Place, number> {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const times: Record<Place, number> = { python: 0, outside: 0, idle: 0 };
  let leftUs = seconds * 1e6;
  for (let index = samples.length - 1; index >= 0 && leftUs > 0; index--) {
    const deltaUs = timeDeltas[index] ?? 0;
    times[places.get(samples[index] ?? -1) ?? "idle"] += deltaUs;
    leftUs -= deltaUs;
  }
  return times;
}

function placeOf({ functionName, url }: CpuProfile["nodes"][number]["callFrame"]): Place {
  if (functionName === "(idle)") return "idle";
  return url.startsWith("wasm://") || url.includes("pyodide") ? "python" : "outside";
}
