import { describe, expect, inject, it } from 'vitest';
import { isSkipped } from './servers/server.ts';
import { freezeStorage, killGateway, startGateway, thawStorage } from './servers/index.ts';

/** Any answer at all, within a second. */
const answers = async (endpoint: string): Promise<boolean> => {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(1000) });
    return true;
  } catch {
    return false;
  }
};

describe.each(inject('servers'))('real server $kind', (server) => {
  it.skipIf(isSkipped(server))('survives a killed gateway and frozen storage', async () => {
    if (isSkipped(server)) return;
    expect(await answers(server.endpoint)).toBe(true);
    await killGateway(server);
    expect(await answers(server.endpoint)).toBe(false);
    await startGateway(server);
    expect(await answers(server.endpoint)).toBe(true);
    await freezeStorage(server);
    await thawStorage(server);
    expect(await answers(server.endpoint)).toBe(true);
  });
});
