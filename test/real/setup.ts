/**
 * Starts the real servers once for the whole run and says at its end what ran and what did not.
 *
 * `FERRY_REAL=rgw20,swift` picks servers; `FERRY_REQUIRE_REAL=1` makes a server that cannot run here a failure.
 */
import type {} from 'vitest';
import type { TestProject } from 'vitest/node';
import { startServer, type RealServer } from './servers/index.ts';
import { isSkipped, queueKinds, serverKinds } from './servers/server.ts';
import type { AnyKind, QueueKind, ServerInfo, Skipped } from './servers/server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    servers: (ServerInfo | Skipped)[];
    queues: (ServerInfo<QueueKind> | Skipped<QueueKind>)[];
  }
}

type Started<Kind extends AnyKind> = RealServer<Kind> | Skipped<Kind>;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const wanted = chosen();
  const servers: Started<AnyKind>[] = [];
  const stop = async (): Promise<void> => {
    for (const server of servers) if (!isSkipped(server)) await server.down();
  };
  const startAll = async <Kind extends AnyKind>(kinds: readonly Kind[]): Promise<Started<Kind>[]> => {
    const started: Started<Kind>[] = [];
    for (const kind of kinds) {
      const server = wanted.includes(kind) ? await start(kind) : { kind, why: 'not chosen by FERRY_REAL' };
      started.push(server);
      servers.push(server);
      if (isSkipped(server) && wanted.includes(kind) && process.env.FERRY_REQUIRE_REAL === '1') {
        throw new Error(`FERRY_REQUIRE_REAL=1, but ${kind} cannot run here: ${server.why}`);
      }
    }
    return JSON.parse(JSON.stringify(started)) as Started<Kind>[];
  };
  try {
    project.provide('servers', await startAll(serverKinds));
    project.provide('queues', await startAll(queueKinds));
  } catch (error) {
    await stop();
    throw error;
  }
  return async () => {
    await stop();
    process.stdout.write(`\nReal servers\n${servers.map(line).join('\n')}\n`);
  };
}

function start<Kind extends AnyKind>(kind: Kind): Promise<Started<Kind>> {
  process.stdout.write(`starting ${kind}\n`);
  return startServer(kind);
}

function chosen(): readonly AnyKind[] {
  const kinds: readonly AnyKind[] = [...serverKinds, ...queueKinds];
  const names = process.env.FERRY_REAL?.split(',').map((name) => name.trim());
  if (!names) return kinds;
  for (const name of names) {
    if (!kinds.some((kind) => kind === name)) throw new Error(`FERRY_REAL: ${name} is none of ${kinds.join(', ')}`);
  }
  return names as AnyKind[];
}

function line(server: Started<AnyKind>): string {
  return isSkipped(server)
    ? `  SKIPPED  ${server.kind}: ${server.why}`
    : `  ran      ${server.kind}: ${server.version}`;
}
