import type { AlertingRule } from "../core/alert.ts";
import type { Severity } from "../core/severity.ts";

/** What is known of a rule without running it, the same for every language. Defaults are filled in. */
export interface RuleManifest extends AlertingRule {
  /** At least one. */
  readonly logTypes: readonly string[];
  readonly enabled: boolean;
  readonly severity: Severity;
  readonly description: string;
  readonly reference: string;
  readonly runbook: string;
  /** Names of destinations; `undefined` for the default routing. */
  readonly destinations: readonly string[] | undefined;
  /** How long it may take over one event; left out for the limit `ruleBudgetMs`. */
  readonly budgetMs?: number;
  /**
   * Nobody is notified of the rule's alerts before the engine clock has this time; `Infinity`: until a person promotes it.
   * Left out for a rule that is not staged.
   */
  readonly stagedUntilMs?: number;
  /** Absolute path of the file that defines it, and the line where its definition starts. */
  readonly file: string;
  readonly line: number;
}
