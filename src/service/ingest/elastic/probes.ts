/** What the clients of Elasticsearch ask before they send: enough that they go on. */

/** Clients compare this with their own version; some refuse to send to an older one. */
const elasticVersion = "9.5.0";

/** Where the listener is reached, for clients that ask for the nodes of a cluster and then send to those. */
export interface ProbeContext {
  /** `HOST:PORT`. */
  readonly address: string;
}

export interface Probe {
  readonly method: "GET" | "PUT" | "POST";
  /** Pattern of fastify below `/` or `/es/{source}/`. */
  readonly path: string;
  readonly answer: (context: ProbeContext) => unknown;
}

const nodeName = "stakeout";

function info(): unknown {
  return {
    name: nodeName,
    cluster_name: nodeName,
    cluster_uuid: nodeName,
    version: {
      number: elasticVersion,
      build_flavor: "default",
      build_type: "tar",
      build_hash: "unknown",
      build_date: "2026-01-01T00:00:00.000Z",
      build_snapshot: false,
      lucene_version: "10.0.0",
      minimum_wire_compatibility_version: "8.0.0",
      minimum_index_compatibility_version: "8.0.0",
    },
    tagline: "You Know, for Search",
  };
}

function license(): unknown {
  return {
    license: {
      status: "active",
      uid: nodeName,
      type: "basic",
      issued_to: nodeName,
      issuer: nodeName,
      max_nodes: 1,
    },
  };
}

function xpack(): unknown {
  const off = { available: false, enabled: false };
  return {
    build: { hash: "unknown", date: "2026-01-01T00:00:00.000Z" },
    license: { uid: nodeName, type: "basic", mode: "basic", status: "active" },
    features: { ilm: off, security: { available: true, enabled: true }, monitoring: off },
    tagline: "You know, for X",
  };
}

function health(): unknown {
  return {
    cluster_name: nodeName,
    status: "green",
    timed_out: false,
    number_of_nodes: 1,
    number_of_data_nodes: 1,
    active_primary_shards: 1,
    active_shards: 1,
    relocating_shards: 0,
    initializing_shards: 0,
    unassigned_shards: 0,
  };
}

function nodes({ address }: ProbeContext): unknown {
  const http = { bound_address: [address], publish_address: address };
  return {
    _nodes: { total: 1, successful: 1, failed: 0 },
    cluster_name: nodeName,
    nodes: {
      [nodeName]: { name: nodeName, version: elasticVersion, roles: ["data", "ingest", "master"], http },
    },
  };
}

/** Templates, policies and pipelines that clients install: they are said to be there, and nothing is kept. */
const installed = [
  "_index_template/:name",
  "_component_template/:name",
  "_template/:name",
  "_ilm/policy/:name",
  "_data_stream/:name",
  "_ingest/pipeline/:name",
];

export const probes: readonly Probe[] = [
  { method: "GET", path: "", answer: info },
  { method: "GET", path: "_license", answer: license },
  { method: "GET", path: "_xpack", answer: xpack },
  { method: "GET", path: "_cluster/health", answer: health },
  { method: "GET", path: "_nodes/http", answer: nodes },
  { method: "GET", path: "_nodes/_all/http", answer: nodes },
  ...installed.flatMap((path): readonly Probe[] => [
    { method: "GET", path, answer: () => ({}) },
    { method: "PUT", path, answer: () => ({ acknowledged: true }) },
  ]),
];
