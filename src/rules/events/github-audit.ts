import type { OtherFields, RuleEvent } from "./rule-event.ts";

/** An entry of the audit log of a GitHub organization or enterprise. Which fields are there depends on `action`. */
export interface GitHubAuditEvent extends RuleEvent {
  readonly p_log_type: "GitHub.Audit";
  /** When it was recorded: milliseconds since the epoch, or text. */
  readonly "@timestamp"?: number | string;
  /** When it happened: milliseconds since the epoch, or text. */
  readonly created_at?: number | string;
  /** Unique for each entry. */
  readonly _document_id?: string;
  /** What happened, such as `repo.create` or `org.add_member`. */
  readonly action?: string;
  /** `access`, `authentication`, `create`, `modify`, `remove`, `restore` or `transfer`. */
  readonly operation_type?: string | null;
  /** Login of who did it. */
  readonly actor?: string | null;
  readonly actor_id?: number | null;
  /** Where the log is set to show addresses. */
  readonly actor_ip?: string | null;
  /** True for apps and bots. */
  readonly actor_is_bot?: boolean | null;
  readonly actor_location?: GitHubLocation | null;
  /** Login of whom it was done to. */
  readonly user?: string | null;
  readonly user_id?: number | null;
  readonly user_agent?: string | null;
  /** Name of the organization; a list in entries that concern several. */
  readonly org?: string | readonly string[] | null;
  readonly org_id?: number | readonly number[] | null;
  /** Short name of the enterprise. */
  readonly business?: string | null;
  readonly business_id?: number | null;
  /** As `OWNER/NAME`. */
  readonly repo?: string | null;
  readonly repo_id?: number | null;
  /** As `OWNER/NAME`, in events of git. */
  readonly repository?: string | null;
  readonly public_repo?: boolean | null;
  /** `public`, `private` or `internal`. */
  readonly visibility?: string | null;
  /** What `visibility` was before. */
  readonly previous_visibility?: string | null;
  /** As `ORGANIZATION/TEAM`. */
  readonly team?: string | null;
  /** Such as `admin`, `write` or `read`. */
  readonly permission?: string | null;
  readonly old_permission?: string | null;
  readonly email?: string | null;
  /** Who signed in, as the identity provider calls them. */
  readonly external_identity_nameid?: string | null;
  readonly external_identity_username?: string | null;
  /** Kind of token or key that was used. */
  readonly programmatic_access_type?: string | null;
  readonly token_id?: number | null;
  /** SHA-256 of the token, in base 64. */
  readonly hashed_token?: string | null;
  /** Space or comma between them. */
  readonly token_scopes?: string | null;
  readonly oauth_application_id?: number | null;
  readonly oauth_application_name?: string | null;
  /** Name of an integration, such as an app. */
  readonly integration?: string | null;
  readonly request_id?: string | null;
  /** `ssh` or `http`, in events of git. */
  readonly transport_protocol_name?: string | null;
  /** What else belongs to the action. */
  readonly data?: OtherFields | null;
}

export interface GitHubLocation extends OtherFields {
  /** In two letters. */
  readonly country_code?: string | null;
}
