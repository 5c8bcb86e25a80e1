import { createHmac } from "node:crypto";

/**
 * What `X-Stakeout-Signature` holds: `v1=` and the HMAC-SHA256 of timestamp, `.` and body in hexadecimal. The timestamp, in
 * seconds since the Unix epoch as in `X-Stakeout-Timestamp`, lets a receiver refuse what was recorded and sent again.
 */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  return `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;
}
