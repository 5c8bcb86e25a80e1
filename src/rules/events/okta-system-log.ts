import type { OtherFields, RuleEvent } from "./rule-event.ts";

/** An event of Okta's System Log. Okta writes null for much of what does not apply. */
export interface OktaSystemLogEvent extends RuleEvent {
  readonly p_log_type: "Okta.SystemLog";
  /** Unique for each event. */
  readonly uuid?: string;
  /** When it happened, as `2024-03-05T06:07:08.123Z`. */
  readonly published?: string;
  /** What happened, such as `user.session.start`. */
  readonly eventType?: string;
  /** Version of the event type, such as `0`. */
  readonly version?: string;
  /** `DEBUG`, `INFO`, `WARN` or `ERROR`. */
  readonly severity?: string;
  /** What happened, for people. */
  readonly displayMessage?: string | null;
  readonly legacyEventType?: string | null;
  /** Who did it. */
  readonly actor?: OktaActor | null;
  /** From where. */
  readonly client?: OktaClient | null;
  /** What it was done to. */
  readonly target?: readonly OktaTarget[] | null;
  readonly outcome?: OktaOutcome | null;
  /** How the actor had signed in. */
  readonly authenticationContext?: OktaAuthenticationContext | null;
  /** What is known about the network of the request. */
  readonly securityContext?: OktaSecurityContext | null;
  readonly request?: OktaRequest | null;
  readonly transaction?: OktaTransaction | null;
  readonly debugContext?: OktaDebugContext | null;
}

export interface OktaActor extends OtherFields {
  readonly id?: string | null;
  /** Such as `User`, `PublicClientApp` or `SystemPrincipal`. */
  readonly type?: string | null;
  /** For a user, the login: mostly an address such as `alice@example.com`. */
  readonly alternateId?: string | null;
  readonly displayName?: string | null;
  readonly detailEntry?: OtherFields | null;
}

export interface OktaTarget extends OktaActor {
  /** What the event changed in the target. */
  readonly changeDetails?: OtherFields | null;
}

export interface OktaClient extends OtherFields {
  readonly id?: string | null;
  readonly ipAddress?: string | null;
  /** `Computer`, `Mobile`, `Tablet`, … or `Unknown`. */
  readonly device?: string | null;
  /** Network zone of the organization's policies that the address belongs to. */
  readonly zone?: string | null;
  readonly userAgent?: OktaUserAgent | null;
  readonly geographicalContext?: OktaPlace | null;
}

export interface OktaUserAgent extends OtherFields {
  /** As the client sent it. */
  readonly rawUserAgent?: string | null;
  readonly os?: string | null;
  readonly browser?: string | null;
}

/** Where an address is, as far as Okta knows. */
export interface OktaPlace extends OtherFields {
  readonly city?: string | null;
  readonly state?: string | null;
  /** Name of the country in English. */
  readonly country?: string | null;
  readonly postalCode?: string | null;
  readonly geolocation?: OktaGeolocation | null;
}

/** In degrees. */
export interface OktaGeolocation extends OtherFields {
  readonly lat?: number | null;
  readonly lon?: number | null;
}

export interface OktaOutcome extends OtherFields {
  /** `SUCCESS`, `FAILURE`, `SKIPPED`, `ALLOW`, `DENY`, `CHALLENGE` or `UNKNOWN`. */
  readonly result?: string | null;
  /** Such as `INVALID_CREDENTIALS`. */
  readonly reason?: string | null;
}

export interface OktaAuthenticationContext extends OtherFields {
  readonly authenticationProvider?: string | null;
  readonly credentialProvider?: string | null;
  readonly credentialType?: string | null;
  readonly issuer?: OtherFields | null;
  readonly interface?: string | null;
  readonly authenticationStep?: number | null;
  /** The same for all events of one session. */
  readonly externalSessionId?: string | null;
  /** The same for all sessions that began with one sign-in. */
  readonly rootSessionId?: string | null;
}

export interface OktaSecurityContext extends OtherFields {
  /** Number of the autonomous system. */
  readonly asNumber?: number | null;
  /** Organization of the autonomous system. */
  readonly asOrg?: string | null;
  readonly isp?: string | null;
  readonly domain?: string | null;
  /** True when the address belongs to a known proxy. */
  readonly isProxy?: boolean | null;
}

export interface OktaRequest extends OtherFields {
  /** The addresses that the request came through, the client's first. */
  readonly ipChain?: readonly OktaRequestAddress[] | null;
}

export interface OktaRequestAddress extends OtherFields {
  readonly ip?: string | null;
  /** `V4` or `V6`. */
  readonly version?: string | null;
  readonly source?: string | null;
  readonly geographicalContext?: OktaPlace | null;
}

export interface OktaTransaction extends OtherFields {
  /** `WEB` or `JOB`. */
  readonly type?: string | null;
  /** The same for all events of one request. */
  readonly id?: string | null;
  readonly detail?: OtherFields | null;
}

export interface OktaDebugContext extends OtherFields {
  /** Details that differ from event type to event type, such as `requestUri`, `threatSuspected` or `behaviors`. */
  readonly debugData?: OtherFields | null;
}
