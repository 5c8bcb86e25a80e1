import type { RuleEvent } from "./rule-event.ts";

/**
 * Packets that went through a network interface during some seconds, as VPC flow logs have them (version 2, with Panther's
 * names). A record of a window without traffic, or whose data was skipped, has no addresses, ports and counts.
 */
export interface VpcFlowEvent extends RuleEvent {
  readonly p_log_type: "AWS.VPCFlow";
  /** Version of the format: 2. */
  readonly version?: number;
  /** Account that owns the interface, as twelve digits. */
  readonly account?: string;
  /** Such as `eni-0a1b2c3d`. */
  readonly interfaceId?: string;
  /** Where packets came from; for the interface's own packets, its private address. */
  readonly srcAddr?: string;
  /** Where packets went to; for packets to the interface, its private address. */
  readonly dstAddr?: string;
  readonly srcPort?: number;
  readonly dstPort?: number;
  /** IANA's number of the protocol: 1 is ICMP, 6 TCP, 17 UDP. */
  readonly protocol?: number;
  readonly packets?: number;
  readonly bytes?: number;
  /** First packet of the window, as `2024-03-05 06:07:08.000000000` in UTC. JSON records can have seconds since the epoch. */
  readonly start?: string | number;
  /** Last packet of the window, written like `start`. */
  readonly end?: string | number;
  /** Whether security groups and network ACLs let the packets pass: `ACCEPT` or `REJECT`. */
  readonly action?: string;
  /** `OK`, `NODATA` (no traffic) or `SKIPDATA` (not all was recorded). */
  readonly status?: string;
  /** Address in the packets where it differs from `srcAddr`. Only in JSON records of a custom format. */
  readonly pktSrcAddr?: string;
  /** Address in the packets where it differs from `dstAddr`. Only in JSON records of a custom format. */
  readonly pktDstAddr?: string;
  /** Instance of the interface. Only in JSON records of a custom format. */
  readonly instanceId?: string;
}
