import { type ErrorCode, errorCodes, StakeoutError } from "../../core/errors.ts";

/** A line of Python code on the way to an exception. */
export interface PythonFrame {
  readonly file: string;
  readonly line: number;
  readonly function: string;
  readonly source: string;
}

/** An exception as `python/stakeout_engine/failures.py` describes it. */
export interface PythonFailure {
  readonly type: string;
  /** Code of one of the engine's own errors; `null` for any other exception. */
  readonly code: string | null;
  readonly message: string;
  /** What `repr` answers for it. */
  readonly shown: string;
  /** Where it was raised, as far as that is outside the engine; empty and 0 where it is not. */
  readonly file: string;
  readonly line: number;
  readonly trace: readonly PythonFrame[];
}

/** An exception that Python code of a rule raised. Its name is that of the exception's class, its stack Python's. */
export class PythonError extends Error {
  readonly failure: PythonFailure;
  /** What `repr` answers: Panther puts it into an alert whose context failed. */
  readonly shown: string;

  constructor(failure: PythonFailure) {
    super(failure.message);
    this.failure = failure;
    this.shown = failure.shown;
    this.name = failure.type;
    this.stack = renderTrace(failure);
  }
}

/** The error to throw for a failure that Python described. `prefix` is put before the message of an engine's own error. */
export function toError(text: string, prefix: string): Error {
  const failure = JSON.parse(text) as PythonFailure;
  const { code, message } = failure;
  if (code === null || !Object.hasOwn(errorCodes, code)) return new PythonError(failure);
  // What the state helpers say names the rule already.
  const named = code === "RULE_RESULT_INVALID" ? `${prefix}${message}.` : message;
  const error = new StakeoutError(code as ErrorCode, named);
  error.stack = renderTrace({ ...failure, type: error.name, message: named });
  return error;
}

function renderTrace({ type, message, trace }: PythonFailure): string {
  const frames = trace.map(({ file, line, function: name, source }) => {
    const place = `  File "${file}", line ${line}, in ${name}`;
    return source === "" ? place : `${place}\n    ${source}`;
  });
  const head = frames.length === 0 ? [] : ["Traceback (most recent call last):", ...frames];
  return [...head, `${type}: ${message}`].join("\n");
}
