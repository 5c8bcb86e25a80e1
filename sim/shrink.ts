import type { Plan } from "./plan.ts";

/** Whether a plan fails; it does not matter how. */
export type Fails = (plan: Plan) => Promise<boolean>;

const roundsMax = 4;

/** A smaller plan that fails as well: parts are taken away for as long as that is so. */
export async function shrinkPlan(plan: Plan, fails: Fails): Promise<Plan> {
  let smallest = plan;
  for (let round = 0; round < roundsMax; round++) {
    const before = sizeOf(smallest);
    for (const part of ["faults", "records", "rules"] as const) {
      smallest = await shrinkPart(smallest, part, fails);
    }
    if (sizeOf(smallest) === before) break;
  }
  return smallest;
}

async function shrinkPart(plan: Plan, part: "faults" | "records" | "rules", fails: Fails): Promise<Plan> {
  let smallest = plan;
  for (let size = plan[part].length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < smallest[part].length;) {
      const smaller = { ...smallest, [part]: smallest[part].toSpliced(at, size) };
      if (await fails(smaller)) smallest = smaller;
      else at += size;
    }
  }
  return smallest;
}

function sizeOf({ records, faults, rules }: Plan): number {
  return records.length + faults.length + rules.length;
}
