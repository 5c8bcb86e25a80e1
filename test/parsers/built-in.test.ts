import { describe, expect, test } from "vitest";

import { builtIn, eventOf, indicatorsOf, isRecognised } from "./fixtures.ts";

test("these log types are built in", () => {
  expect(builtIn.names).toEqual([
    "AWS.CloudTrail",
    "AWS.S3ServerAccess",
    "AWS.VPCFlow",
    "GSuite.Reports",
    "GitHub.Audit",
    "Nginx.Access",
    "Okta.SystemLog",
  ]);
});

describe("Okta.SystemLog", () => {
  const login = {
    uuid: "11111111-2222-3333-4444-555555555555",
    published: "2024-03-05T06:07:08.123Z",
    eventType: "user.session.start",
    version: "0",
    severity: "INFO",
    displayMessage: "User login to Okta",
    actor: { id: "00u1", type: "User", alternateId: "alice@example.com", displayName: "Alice Example" },
    client: { ipAddress: "192.0.2.7" },
    request: { ipChain: [{ ip: "192.0.2.7" }, { ip: "203.0.113.5" }] },
    outcome: { result: "SUCCESS" },
    securityContext: { domain: "isp.example.net" },
    authenticationContext: { externalSessionId: "session-1" },
  };
  const grant = {
    uuid: "11111111-2222-3333-4444-666666666666",
    published: "2024-03-05 06:07:09.000000000",
    eventType: "user.account.privilege.grant",
    actor: { id: "00u2", type: "User", alternateId: "bob@example.com" },
    target: [{ id: "00u1", alternateId: "alice@example.com" }, { id: "00g1" }],
  };

  test("a login", () => {
    expect(eventOf(login)).toMatchObject({
      logType: "Okta.SystemLog",
      timeMs: Date.UTC(2024, 2, 5, 6, 7, 8, 123),
    });
    expect(indicatorsOf(login)).toEqual({
      p_any_ip_addresses: ["192.0.2.7", "203.0.113.5"],
      p_any_domain_names: ["isp.example.net"],
      p_any_usernames: ["Alice Example", "alice@example.com"],
      p_any_emails: ["alice@example.com"],
      p_any_trace_ids: ["session-1"],
    });
  });

  test("a granted privilege, with a time as Panther writes it", () => {
    expect(eventOf(grant)).toMatchObject({
      logType: "Okta.SystemLog",
      timeMs: Date.UTC(2024, 2, 5, 6, 7, 9),
    });
    expect(indicatorsOf(grant)["p_any_emails"]).toEqual(["alice@example.com", "bob@example.com"]);
  });

  test("not an event without an actor", () => {
    expect(isRecognised({ uuid: login.uuid, eventType: login.eventType })).toBe(false);
  });
});

describe("GitHub.Audit", () => {
  const created = {
    "@timestamp": 1709618828123,
    _document_id: "abcDEF123",
    action: "repo.create",
    actor: "alice",
    actor_ip: "192.0.2.7",
    org: "example",
    repo: "example/secret",
  };
  const member = {
    created_at: "2024-03-05T06:07:09Z",
    _document_id: "abcDEF124",
    action: "org.add_member",
    actor: "alice",
    user: "bob",
    request_id: "AAAA:BBBB",
  };

  test("a repository is created", () => {
    expect(eventOf(created)).toMatchObject({ logType: "GitHub.Audit", timeMs: 1709618828123 });
    expect(indicatorsOf(created)).toEqual({ p_any_ip_addresses: ["192.0.2.7"], p_any_usernames: ["alice"] });
  });

  test("a member is added, with a time as text", () => {
    expect(eventOf(member)).toMatchObject({ logType: "GitHub.Audit", timeMs: Date.UTC(2024, 2, 5, 6, 7, 9) });
    expect(indicatorsOf(member)).toEqual({
      p_any_usernames: ["alice", "bob"],
      p_any_trace_ids: ["AAAA:BBBB"],
    });
  });

  test("not any record with an action and an actor", () => {
    expect(isRecognised({ action: "opened", actor: "alice" })).toBe(false);
  });
});

describe("GSuite.Reports", () => {
  const login = {
    kind: "admin#reports#activity",
    id: {
      time: "2024-03-05T06:07:08.123Z",
      uniqueQualifier: "1",
      applicationName: "login",
      customerId: "C01",
    },
    actor: { email: "alice@example.com", profileId: "1" },
    ipAddress: "2001:db8::7",
    ownerDomain: "example.com",
    events: [{ type: "login", name: "login_success" }],
  };
  const byKey = {
    kind: "admin#reports#activity",
    id: { time: "2024-03-05T06:07:09Z" },
    actor: { callerType: "KEY" },
  };

  test("a login", () => {
    expect(eventOf(login)).toMatchObject({
      logType: "GSuite.Reports",
      timeMs: Date.UTC(2024, 2, 5, 6, 7, 8, 123),
    });
    expect(indicatorsOf(login)).toEqual({
      p_any_ip_addresses: ["2001:db8::7"],
      p_any_domain_names: ["example.com"],
      p_any_usernames: ["alice@example.com"],
      p_any_emails: ["alice@example.com"],
    });
  });

  test("an activity without an address or a person", () => {
    expect(eventOf(byKey)).toMatchObject({
      logType: "GSuite.Reports",
      timeMs: Date.UTC(2024, 2, 5, 6, 7, 9),
    });
    expect(indicatorsOf(byKey)).toEqual({});
  });

  test("not another kind of resource", () => {
    expect(isRecognised({ ...login, kind: "admin#directory#user" })).toBe(false);
  });
});

describe("Nginx.Access", () => {
  const get =
    '192.0.2.7 - - [05/Mar/2024:06:07:08 +0100] "GET /a?b=c HTTP/1.1" 200 512 "-" "Mozilla/5.0 (X11)"';
  const post =
    '2001:db8::7 - alice example [05/Mar/2024:06:07:09 +0000] "POST /\\x22 HTTP/2.0" 401 - "https://example.com/" ""';

  test("a request, with Panther's field names", () => {
    expect(eventOf(get)).toMatchObject({ logType: "Nginx.Access", timeMs: Date.UTC(2024, 2, 5, 5, 7, 8) });
    expect(eventOf(get).fields).toEqual({
      remoteAddr: "192.0.2.7",
      time: "2024-03-05 05:07:08.000000000",
      request: "GET /a?b=c HTTP/1.1",
      status: 200,
      bodyBytesSent: 512,
      httpUserAgent: "Mozilla/5.0 (X11)",
    });
  });

  test("a request by a user whose name has a blank", () => {
    expect(eventOf(post).fields).toMatchObject({
      remoteUser: "alice example",
      httpUserAgent: "",
      status: 401,
    });
    expect(indicatorsOf(post)).toEqual({
      p_any_ip_addresses: ["2001:db8::7"],
      p_any_usernames: ["alice example"],
    });
  });

  test("JSON with the same field names", () => {
    expect(eventOf(eventOf(get).fields)).toMatchObject({
      logType: "Nginx.Access",
      timeMs: Date.UTC(2024, 2, 5, 5, 7, 8),
    });
  });

  test("not the common format, which lacks two fields", () => {
    expect(isRecognised(get.replace(/ "-" "Mozilla.*/, ""))).toBe(false);
  });

  test("takes a time in proportion to the length of a hostile line", () => {
    const hostile = `192.0.2.7 - ${'a"[ '.repeat(250_000)}`;
    expect(isRecognised(hostile)).toBe(false);
  });
});
