import { systemClock } from "../../core/clock.ts";
import { currentEvaluation } from "../../state/evaluation.ts";

const RealDate = Date;

/**
 * Makes `Date` answer the engine clock while a rule is being evaluated, and the machine's clock at any other time:
 * `Date.now()`, `new Date()` and `Date()`. Everything else about dates stays as it is. It concerns the thread that it is
 * called in; calling it again changes nothing.
 */
export function installEngineDate(): void {
  if (globalThis.Date !== RealDate) return;
  const { prototype: _, ...statics } = Object.getOwnPropertyDescriptors(RealDate);
  Object.defineProperties(EngineDate, { ...statics, now: { ...statics.now, value: nowMs } });
  // One prototype for both: dates that Node itself makes (structuredClone, file times) are instances of either.
  EngineDate.prototype = RealDate.prototype;
  Object.defineProperty(RealDate.prototype, "constructor", { value: EngineDate });
  globalThis.Date = EngineDate as unknown as DateConstructor;
}

function nowMs(): number {
  return currentEvaluation()?.nowMs ?? systemClock.nowMs();
}

/** Stands in for `Date`. A plain function, because only that can share its prototype with the real one. */
function EngineDate(...parts: unknown[]): unknown {
  if (new.target === undefined) return new RealDate(nowMs()).toString();
  if (parts.length === 0) return Reflect.construct(RealDate, [nowMs()], new.target);
  // Nearly every date is made this way, and Reflect.construct would cost it a fifth more.
  if (parts.length === 1 && new.target === EngineDate) return new RealDate(parts[0] as string);
  return Reflect.construct(RealDate, parts, new.target);
}
