/** What a running real server offers to the tests. */
export const serverKinds = ['rgw20', 'rgw16', 'swift'] as const;
export type ServerKind = (typeof serverKinds)[number];

export interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
}

/** Plain data, so that the process that started the server can hand it to the ones that test it. */
export interface ServerInfo extends Keys {
  kind: ServerKind;
  endpoint: string;
  region: string;
  /** As the server's own packages call themselves. */
  version: string;
  /** An account that owns nothing and may see nothing of the first one's. */
  stranger: Keys;
  /** Where its processes, data and logs are. */
  directory: string;
}

export interface Skipped {
  kind: ServerKind;
  /** Why it could not be started here, in one line. */
  why: string;
}

export function isSkipped(server: ServerInfo | Skipped): server is Skipped {
  return 'why' in server;
}
