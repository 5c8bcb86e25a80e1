import type { Plan } from "../../sim/plan.ts";

/** The plan with nothing going wrong: no faults, and no rule that misbehaves. */
export function quietPlan(plan: Plan): Plan {
  const records = plan.records.filter(
    ({ content }) => content.kind !== "event" || content.mischief === undefined,
  );
  return { ...plan, records, faults: [] };
}
