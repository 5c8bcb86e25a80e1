import type { RuleEvent } from "./rule-event.ts";

/** A request to nginx, in its combined format. What the log shows as `-` is missing. */
export interface NginxAccessEvent extends RuleEvent {
  readonly p_log_type: "Nginx.Access";
  /** The client's address; that of the last proxy where nginx stands behind one. */
  readonly remoteAddr?: string;
  /** User of basic authentication. */
  readonly remoteUser?: string;
  /** When the answer was sent, as `2024-03-05 06:07:08.000000000` in UTC. */
  readonly time?: string;
  /** First line of the request, such as `GET /a?b=c HTTP/1.1`; whatever the client sent. */
  readonly request?: string;
  /** Status of the answer, such as 200. */
  readonly status?: number;
  /** Bytes sent in answer, without headers. */
  readonly bodyBytesSent?: number;
  /** Written by the client. */
  readonly httpReferer?: string;
  /** Written by the client. */
  readonly httpUserAgent?: string;
}
