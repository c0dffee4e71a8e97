import { describe, inject, it } from 'vitest';
import { MiB } from '../contract/store/target.ts';
import { fidelityContract } from '../contract/differential/suite.ts';
import { startFerry } from './ferry.ts';
import { quirks } from './quirks.ts';
import { isSkipped } from './servers/server.ts';
import type { ServerKind } from './servers/server.ts';

const objects = Number(process.env.FERRY_DIFFERENTIAL_OBJECTS ?? 16);
const seed = Number(process.env.FERRY_DIFFERENTIAL_SEED ?? 1);

/** Servers that this test has no use for yet. */
const unfit: Partial<Record<ServerKind, string>> = {
  // See `cannotPinMultipart` in quirks.ts: most of the sources are multipart objects.
  swift: 'Swift cannot copy a multipart object under a condition, so nearly every way is refused',
};

for (const server of inject('servers')) {
  const { kind } = server;
  const why = isSkipped(server) ? server.why : unfit[kind];
  if (isSkipped(server) || why !== undefined) {
    describe(`fidelity on ${kind}`, () => it.skip(why ?? ''));
    continue;
  }
  const { accessKeyId: owner, stranger, endpoint, region, secretAccessKey } = server;
  fidelityContract({
    ...{ name: kind, scheme: 's3', quirks: quirks[kind], objects, singly: objects, seed, smallestPart: 5 * MiB },
    // The servers' accounts are named as their keys are.
    open: () =>
      Promise.resolve({
        server: { scheme: 's3', endpoint, region, accessKeyId: owner, secretAccessKey },
        ...{ owner, stranger: stranger.accessKeyId },
        close: () => Promise.resolve(),
      }),
    runMany:
      (env) =>
      (...args) =>
        startFerry(args, env).finished,
  });
}
