import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";

import { cloudTrailEvent, dataFolder, randomFrom } from "../data.ts";

/** So many that V8 has long compiled the interpreter to its best: the first 6,000 events take twice as long as later ones. */
const eventsMin = 60_000;

export interface PantherEvents {
  /** One event a line. */
  readonly file: string;
  /** How often each event is in it. */
  readonly repeats: number;
}

/** The events of CloudTrail's files (`.json` or `.json.gz`) below a folder, repeated as needed, or made-up ones. */
export function pantherEventsFile(folder: string | undefined): PantherEvents {
  const lines = folder === undefined ? madeUp() : recorded(resolve(folder));
  const repeats = Math.ceil(eventsMin / lines.length);
  mkdirSync(dataFolder, { recursive: true });
  const file = join(dataFolder, folder === undefined ? "panther-made-up.ndjson" : "panther-recorded.ndjson");
  writeFileSync(file, `${lines.join("\n")}\n`.repeat(repeats));
  return { file, repeats };
}

function recorded(folder: string): readonly string[] {
  const lines: string[] = [];
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    const path = join(folder, name);
    if (!/\.json(?:\.gz)?$/.test(name) || !statSync(path).isFile()) continue;
    const bytes = readFileSync(path);
    const text = (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
    const { Records: records } = JSON.parse(text) as { readonly Records?: readonly unknown[] };
    for (const event of records ?? []) lines.push(JSON.stringify(event));
  }
  if (lines.length === 0) throw new Error(`There is no CloudTrail file with Records below ${folder}.`);
  return lines;
}

function madeUp(): readonly string[] {
  const random = randomFrom(1);
  let timeMs = Date.UTC(2026, 0, 1);
  return Array.from({ length: eventsMin }, () => {
    timeMs += Math.floor(random() * 40);
    return JSON.stringify(cloudTrailEvent(random, timeMs));
  });
}
