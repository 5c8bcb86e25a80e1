import type { OtherFields, RuleEvent } from "./rule-event.ts";

/**
 * A call of the AWS API or a sign-in, as CloudTrail records it. Which fields are there depends on the service that wrote
 * it, so none is certain.
 */
export interface CloudTrailEvent extends RuleEvent {
  readonly p_log_type: "AWS.CloudTrail";
  /** Version of the record's format, such as `1.09`. */
  readonly eventVersion?: string;
  /** When the call was answered, as `2024-03-05T06:07:08Z`. */
  readonly eventTime?: string;
  /** The service called, such as `iam.amazonaws.com`. */
  readonly eventSource?: string;
  /** The action, such as `AssumeRole` or `ConsoleLogin`. */
  readonly eventName?: string;
  /** `AwsApiCall`, `AwsServiceEvent`, `AwsConsoleAction`, `AwsConsoleSignIn`, `AwsVpceEvent` or `AwsCloudTrailInsight`. */
  readonly eventType?: string;
  /** `Management`, `Data`, `NetworkActivity` or `Insight`. */
  readonly eventCategory?: string;
  /** Unique for each record. */
  readonly eventID?: string;
  /** Unique for each call; one call can have several records. */
  readonly requestID?: string | null;
  /** The same in the records that one action leaves in several accounts. */
  readonly sharedEventID?: string;
  /** Region called, such as `eu-central-1`; global services say `us-east-1`. */
  readonly awsRegion?: string;
  /** The caller's address, or the name of the AWS service that called, such as `lambda.amazonaws.com`. */
  readonly sourceIPAddress?: string;
  /** The caller's program, or the name of the AWS service that called. Written by the caller. */
  readonly userAgent?: string | null;
  /** Who called. */
  readonly userIdentity?: CloudTrailIdentity;
  /** Why the call failed, such as `AccessDenied`; missing when it succeeded. */
  readonly errorCode?: string;
  readonly errorMessage?: string | null;
  /** What was asked for; different for every action. */
  readonly requestParameters?: OtherFields | null;
  /** What was changed; null or missing for calls that only read. For a console sign-in, whether it succeeded. */
  readonly responseElements?: OtherFields | null;
  /** More about the call; `MFAUsed` of a console sign-in stands here. */
  readonly additionalEventData?: OtherFields | null;
  /** What happened, for events of type `AwsServiceEvent`. */
  readonly serviceEventDetails?: OtherFields | null;
  /** True for calls that change nothing. Some services write text. */
  readonly readOnly?: boolean;
  /** True for calls that manage resources, false for those on the data in them. */
  readonly managementEvent?: boolean;
  /** The account that the record belongs to, as twelve digits; the caller's is `userIdentity.accountId`. */
  readonly recipientAccountId?: string;
  /** Version of the service's API. */
  readonly apiVersion?: string | null;
  /** The resources that were touched, for some services. */
  readonly resources?: readonly CloudTrailResource[] | null;
  /** The VPC endpoint that the call came through, such as `vpce-…`. */
  readonly vpcEndpointId?: string;
  /** The account that owns the VPC endpoint. */
  readonly vpcEndpointAccountId?: string;
  /** `"true"` for calls made with a session of the console. Text. */
  readonly sessionCredentialFromConsole?: string;
  readonly tlsDetails?: CloudTrailTls | null;
}

/** Who made a call. */
export interface CloudTrailIdentity extends OtherFields {
  /**
   * `Root`, `IAMUser`, `AssumedRole`, `Role`, `FederatedUser`, `SAMLUser`, `WebIdentityUser`, `IdentityCenterUser`,
   * `AWSAccount`, `AWSService`, `Directory` or `Unknown`.
   */
  readonly type?: string;
  /** For a role `ROLE-ID:SESSION-NAME`, for a user its id. */
  readonly principalId?: string;
  /** For a role, that of its session: `arn:aws:sts::…:assumed-role/ROLE/SESSION`. Services and some federated users have none. */
  readonly arn?: string;
  /** The caller's account, as twelve digits. */
  readonly accountId?: string;
  /** `AKIA…` for keys that last, `ASIA…` for those of a session. */
  readonly accessKeyId?: string;
  /** For users; a role's name is `sessionContext.sessionIssuer.userName`. */
  readonly userName?: string;
  /** The AWS service that called for somebody, such as `cloudformation.amazonaws.com`. */
  readonly invokedBy?: string;
  /** For a user of a federation, where it signed in. */
  readonly identityProvider?: string;
  /** How temporary credentials came about. */
  readonly sessionContext?: CloudTrailSession | null;
  /** For users of IAM Identity Center. */
  readonly onBehalfOf?: CloudTrailOnBehalfOf | null;
}

/** The session whose credentials were used. */
export interface CloudTrailSession extends OtherFields {
  readonly attributes?: CloudTrailSessionAttributes | null;
  /** The role or user that the session belongs to; without fields for sessions of a user. */
  readonly sessionIssuer?: CloudTrailSessionIssuer | null;
  /** For roles assumed with an identity of the web. */
  readonly webIdFederationData?: CloudTrailWebIdentity | null;
  /** Set by whoever assumed the first role, and kept through later ones. */
  readonly sourceIdentity?: string;
  /** For roles of EC2 instances: `1.0` or `2.0`, the version of the metadata service. */
  readonly ec2RoleDelivery?: string;
}

export interface CloudTrailSessionAttributes extends OtherFields {
  /** When the credentials were issued, as `2024-03-05T06:07:08Z`. */
  readonly creationDate?: string;
  /** `"true"` or `"false"`. Text, not a boolean. */
  readonly mfaAuthenticated?: string;
}

export interface CloudTrailSessionIssuer extends OtherFields {
  /** `Role`, `IAMUser` or `Root`. */
  readonly type?: string;
  readonly principalId?: string;
  /** For a role `arn:aws:iam::…:role/ROLE`, without the session. */
  readonly arn?: string;
  readonly accountId?: string;
  /** Name of the role. */
  readonly userName?: string;
}

export interface CloudTrailWebIdentity extends OtherFields {
  /** Who vouched for the identity, such as `accounts.google.com` or the ARN of a provider. */
  readonly federatedProvider?: string;
  readonly attributes?: OtherFields | null;
}

export interface CloudTrailOnBehalfOf extends OtherFields {
  readonly userId?: string;
  readonly identityStoreArn?: string;
}

/** A resource that a call touched. Which spelling of the ARN's name is used depends on the service. */
export interface CloudTrailResource extends OtherFields {
  readonly ARN?: string;
  readonly arn?: string;
  readonly accountId?: string;
  /** Such as `AWS::S3::Bucket`. */
  readonly type?: string;
}

export interface CloudTrailTls extends OtherFields {
  /** Such as `TLSv1.3`. */
  readonly tlsVersion?: string;
  readonly cipherSuite?: string;
  /** Host name that the caller used. */
  readonly clientProvidedHostHeader?: string;
}
