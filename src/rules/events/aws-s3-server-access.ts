import type { RuleEvent } from "./rule-event.ts";

/** A request to a bucket, as S3's server access logs have it, with Panther's names. What the log shows as `-` is missing. */
export interface S3ServerAccessEvent extends RuleEvent {
  readonly p_log_type: "AWS.S3ServerAccess";
  /** Canonical user id of the bucket's owner: 64 characters. */
  readonly bucketowner?: string;
  readonly bucket?: string;
  /** When the request arrived, as `2024-03-05 06:07:08.000000000` in UTC. */
  readonly time?: string;
  readonly remoteip?: string;
  /** Canonical user id or ARN; missing for requests without credentials. */
  readonly requester?: string;
  readonly requestid?: string;
  /** Such as `REST.GET.OBJECT`, `WEBSITE.GET.OBJECT` or `S3.EXPIRE.OBJECT`. */
  readonly operation?: string;
  /** The object's key, percent-encoded. */
  readonly key?: string;
  /** First line of the request, such as `GET /bucket/key HTTP/1.1`. */
  readonly requesturi?: string;
  readonly httpstatus?: number;
  /** Such as `AccessDenied`; missing for requests that succeeded. */
  readonly errorcode?: string;
  /** Bytes sent in answer, without headers. */
  readonly bytessent?: number;
  /** Size of the whole object in bytes. */
  readonly objectsize?: number;
  /** Milliseconds from the request's arrival to the last byte of the answer. */
  readonly totaltime?: number;
  /** Milliseconds from the last byte of the request to the first of the answer. */
  readonly turnaroundtime?: number;
  /** Written by the caller. */
  readonly referrer?: string;
  /** Written by the caller. */
  readonly useragent?: string;
  readonly versionid?: string;
  /** Second id of the request, which AWS support asks for. */
  readonly hostid?: string;
  /** `SigV2` or `SigV4`; missing for requests that were not signed. */
  readonly signatureversion?: string;
  /** Missing for requests without TLS. */
  readonly ciphersuite?: string;
  /** `AuthHeader`, `QueryString` (a presigned URL) or missing for requests without credentials. */
  readonly authenticationtype?: string;
  /** Host name that the caller used. */
  readonly hostheader?: string;
  /** Such as `TLSv1.2`; missing for requests without TLS. */
  readonly tlsVersion?: string;
  /** Columns that AWS added later: the ARN of the access point, and whether the request needed an ACL. */
  readonly additionalFields?: readonly string[];
}
