/**
 * How long a `Retry-After` header asks to wait, in milliseconds: given as seconds or as a date. `undefined` where there is
 * none, or none that can be read.
 */
export function retryAfterMs(header: unknown, nowMs: number): number | undefined {
  if (typeof header !== "string") return undefined;
  const text = header.trim();
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000;
  // The three forms of HTTP dates begin with the name of a day; `Date.parse` alone would read much else.
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
