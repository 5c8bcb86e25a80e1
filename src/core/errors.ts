/**
 * Every error a user can meet, by code. docs/ERRORS.md has a row for each; a test compares the two.
 */
export type ErrorCode =
  | "USAGE"
  | "INPUT_NOT_FOUND"
  | "INPUT_UNREADABLE"
  | "OUTPUT_UNWRITABLE"
  | "RULES_INVALID"
  | "LOG_TYPES_INVALID"
  | "STATE_FILE_LOCKED"
  | "STATE_FILE_NOT_A_DATABASE"
  | "STATE_FILE_FOREIGN"
  | "STATE_FILE_NEWER"
  | "STATE_FILE_NOT_FOUND"
  | "STATE_FILE_UNUSABLE"
  | "STATE_FILE_FULL"
  | "STATE_IMPORT_INVALID"
  | "STATE_KEY_INVALID"
  | "STATE_VALUE_INVALID"
  | "STATE_LIFETIME_INVALID"
  | "STATE_COUNTER_OVERFLOW"
  | "STATE_LIMIT_EXCEEDED"
  | "STATE_OUTSIDE_EVALUATION"
  | "STATE_OPERATION_NOT_AWAITED"
  | "RULE_RESULT_INVALID"
  | "RULE_BUDGET_EXCEEDED"
  | "RULE_ENDED_LANE"
  | "NOT_FOUND"
  | "PACKAGE_NOT_FOUND"
  | "PACKAGE_UNUSABLE"
  | "PACKAGE_CONFLICT"
  | "PACKAGE_CHANGED"
  | "PACKAGE_LOCK_INVALID"
  | "PACKAGE_INDEX_UNREACHABLE"
  | "CONFIG_INVALID"
  | "SPOOL_UNWRITABLE"
  | "LISTEN_FAILED"
  | "SERVICE_UNREACHABLE"
  | "SERVICE_REFUSED"
  | "LANE_FAILED"
  | "NODE_TOO_OLD";

/** `retryable`: the same call may succeed later without a change. */
export const errorCodes: Readonly<Record<ErrorCode, { readonly retryable: boolean }>> = {
  USAGE: { retryable: false },
  INPUT_NOT_FOUND: { retryable: false },
  INPUT_UNREADABLE: { retryable: true },
  OUTPUT_UNWRITABLE: { retryable: true },
  RULES_INVALID: { retryable: false },
  LOG_TYPES_INVALID: { retryable: false },
  STATE_FILE_LOCKED: { retryable: true },
  STATE_FILE_NOT_A_DATABASE: { retryable: false },
  STATE_FILE_FOREIGN: { retryable: false },
  STATE_FILE_NEWER: { retryable: false },
  STATE_FILE_NOT_FOUND: { retryable: false },
  STATE_FILE_UNUSABLE: { retryable: true },
  STATE_FILE_FULL: { retryable: true },
  STATE_IMPORT_INVALID: { retryable: false },
  STATE_KEY_INVALID: { retryable: false },
  STATE_VALUE_INVALID: { retryable: false },
  STATE_LIFETIME_INVALID: { retryable: false },
  STATE_COUNTER_OVERFLOW: { retryable: false },
  STATE_LIMIT_EXCEEDED: { retryable: false },
  STATE_OUTSIDE_EVALUATION: { retryable: false },
  STATE_OPERATION_NOT_AWAITED: { retryable: false },
  RULE_RESULT_INVALID: { retryable: false },
  RULE_BUDGET_EXCEEDED: { retryable: false },
  RULE_ENDED_LANE: { retryable: false },
  NOT_FOUND: { retryable: false },
  PACKAGE_NOT_FOUND: { retryable: false },
  PACKAGE_UNUSABLE: { retryable: false },
  PACKAGE_CONFLICT: { retryable: false },
  PACKAGE_CHANGED: { retryable: false },
  PACKAGE_LOCK_INVALID: { retryable: false },
  PACKAGE_INDEX_UNREACHABLE: { retryable: true },
  CONFIG_INVALID: { retryable: false },
  SPOOL_UNWRITABLE: { retryable: true },
  LISTEN_FAILED: { retryable: true },
  SERVICE_UNREACHABLE: { retryable: true },
  SERVICE_REFUSED: { retryable: false },
  LANE_FAILED: { retryable: true },
  NODE_TOO_OLD: { retryable: false },
};

export interface ErrorDetails {
  /** What is known about the failure, for machines: a file, a rule, a limit and the value that passed it. */
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
  readonly cause?: unknown;
}

/** An error with a code of the list above. The message says what is wrong and, where it can, what to do. */
export class StakeoutError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly fields: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "StakeoutError";
    this.code = code;
    this.retryable = errorCodes[code].retryable;
    this.fields = details.fields ?? {};
  }
}

/** Something wrong in a file that a person wrote, found without running it. Many are reported at once. */
export interface Problem {
  readonly file: string;
  /** Counted from 1; 0 when the problem concerns the whole file. */
  readonly line: number;
  readonly message: string;
}

/** The message of anything that was thrown, also of what cannot be made into text (an object without a prototype). */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return "something that cannot be shown as text was thrown";
  }
}
