import { inject, it } from 'vitest';
import { openStore } from '../../lib/store/open.ts';
import { storeContract } from '../contract/store/suite.ts';
import type { Target } from '../contract/store/target.ts';
import { quirks } from './quirks.ts';
import { isSkipped, type ServerInfo } from './servers/server.ts';

for (const server of inject('servers')) {
  if (isSkipped(server)) it.skip(`store contract on ${server.kind}: ${server.why}`);
  else
    storeContract({ name: server.kind, scheme: 's3', quirks: quirks[server.kind] }, () =>
      Promise.resolve(target(server)),
    );
}

function target({ endpoint, region, accessKeyId, secretAccessKey, stranger }: ServerInfo): Target {
  const open: { close(): Promise<void> }[] = [];
  return {
    owner: { accessKeyId, secretAccessKey },
    stranger,
    connect: (keys, clock) => {
      const credentials = () => Promise.resolve(keys);
      const client = openStore({
        address: { scheme: 's3', endpoint, region },
        credentials,
        ...(clock ? { clock } : {}),
      });
      open.push(client);
      return client;
    },
    close: async () => {
      for (const client of open) await client.close();
    },
  };
}
