import type { Refusal } from "./refusal.ts";

/** What a client is told. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Text of the answer; empty for none. */
  readonly body: string;
}

/** What became of a request, and which sources it counts for: none where it did not prove to be allowed to any. */
export interface Outcome {
  readonly sources: readonly string[];
  readonly answer: Answer;
}

export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(value),
  };
}

export function refusalAnswer({ status, code, message, headers }: Refusal): Answer {
  return jsonAnswer(status, { error: { code, message } }, headers);
}
