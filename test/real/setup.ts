/**
 * Starts the real servers once for the whole run and says at its end what ran and what did not.
 *
 * `FERRY_REAL=rgw20,swift` picks servers; `FERRY_REQUIRE_REAL=1` makes a server that cannot run here a failure.
 */
import type {} from 'vitest';
import type { TestProject } from 'vitest/node';
import { startServer, type RealServer } from './servers/index.ts';
import { isSkipped, serverKinds, type ServerInfo, type ServerKind, type Skipped } from './servers/server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    servers: (ServerInfo | Skipped)[];
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const wanted = chosen();
  const servers: (RealServer | Skipped)[] = [];
  const stop = async (): Promise<void> => {
    for (const server of servers) if (!isSkipped(server)) await server.down();
  };
  try {
    for (const kind of serverKinds) {
      if (!wanted.includes(kind)) {
        servers.push({ kind, why: 'not chosen by FERRY_REAL' });
        continue;
      }
      process.stdout.write(`starting ${kind}\n`);
      const server = await startServer(kind);
      servers.push(server);
      if (isSkipped(server) && process.env.FERRY_REQUIRE_REAL === '1') {
        throw new Error(`FERRY_REQUIRE_REAL=1, but ${kind} cannot run here: ${server.why}`);
      }
    }
  } catch (error) {
    await stop();
    throw error;
  }
  project.provide('servers', JSON.parse(JSON.stringify(servers)) as (ServerInfo | Skipped)[]);
  return async () => {
    await stop();
    process.stdout.write(`\nReal servers\n${servers.map(line).join('\n')}\n`);
  };
}

function chosen(): readonly ServerKind[] {
  const names = process.env.FERRY_REAL?.split(',').map((name) => name.trim());
  if (!names) return serverKinds;
  for (const name of names) {
    if (!serverKinds.some((kind) => kind === name))
      throw new Error(`FERRY_REAL: ${name} is none of ${serverKinds.join(', ')}`);
  }
  return names as ServerKind[];
}

function line(server: RealServer | Skipped): string {
  return isSkipped(server)
    ? `  SKIPPED  ${server.kind}: ${server.why}`
    : `  ran      ${server.kind}: ${server.version}`;
}
