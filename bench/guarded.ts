import { cloudTrailFile, dataFolder } from "./data.ts";
import { median, once, spread } from "./measure.ts";
import type { RunMeasurement } from "./once.ts";
import { benchRules } from "./rules.ts";

/** What the supervisor and the limits cost: the same lane with both, and alone in its thread with neither. */
export function benchGuarded(rounds: number, megabytes: number): void {
  const file = cloudTrailFile(megabytes * 1e6);
  const rules = benchRules();
  const kinds = { stateless: [rules.stateless], stateful: [rules.stateless, rules.stateful] };
  console.log(`${file.slice(dataFolder.length + 1)}, ${rounds} rounds, guarded against bare`);
  for (const [kind, folders] of Object.entries(kinds)) {
    const wall: number[] = [];
    const cpu: number[] = [];
    const rates: number[] = [];
    for (let round = 0; round < rounds; round++) {
      // Each goes first as often as the other: the second of two runs finds a warmer machine, or a busier disk.
      const order = round % 2 === 0 ? (["bare", "run"] as const) : (["run", "bare"] as const);
      const measured = { bare: NaN, run: NaN };
      const processor = { bare: NaN, run: NaN };
      for (const mode of order) {
        const { events, seconds, cpuSeconds } = once([mode, file, ...folders]) as RunMeasurement;
        measured[mode] = events / seconds;
        processor[mode] = cpuSeconds;
      }
      rates.push(measured.run);
      wall.push(measured.run / measured.bare);
      cpu.push(processor.bare / processor.run);
    }
    const rate = Math.round(median(rates)).toLocaleString("en-US");
    console.log(
      `${kind.padEnd(10)} ${rate.padStart(8)} events/s   wall ${spread(wall)}   processor ${spread(cpu)}`,
    );
  }
}
