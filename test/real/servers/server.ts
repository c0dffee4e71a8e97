/** What a running real server offers to the tests. */
export const serverKinds = ['rgw20', 'rgw16', 'swift'] as const;
export type ServerKind = (typeof serverKinds)[number];
/** Queues: Amazon's SQS protocol. */
export const queueKinds = ['moto'] as const;
export type QueueKind = (typeof queueKinds)[number];
export type AnyKind = ServerKind | QueueKind;

export interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
}

/** Plain data, so that the process that started the server can hand it to the ones that test it. */
export interface ServerInfo<Kind extends AnyKind = ServerKind> extends Keys {
  kind: Kind;
  endpoint: string;
  region: string;
  /** As the server's own packages call themselves. */
  version: string;
  /** An account that owns nothing and may see nothing of the first one's. */
  stranger: Keys;
  /** Where its processes, data and logs are. */
  directory: string;
}

export interface Skipped<Kind extends AnyKind = ServerKind> {
  kind: Kind;
  /** Why it could not be started here, in one line. */
  why: string;
}

export function isSkipped<Kind extends AnyKind>(server: ServerInfo<Kind> | Skipped<Kind>): server is Skipped<Kind> {
  return 'why' in server;
}
