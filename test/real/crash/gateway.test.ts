/** What goes wrong on the other side while `ferry` copies. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openEmbedded } from '../../../lib/runtime/embedded/open.ts';
import { openStore, type StoreConfig } from '../../../lib/store/open.ts';
import { MiB, unique } from '../../contract/store/target.ts';
import type { Finished } from '../ferry.ts';
import { freezeStorage, killGateway, limitWrites, startGateway, thawStorage } from '../servers/index.ts';
import { isPartCopy } from '../servers/proxy.ts';
import { isSkipped, type ServerInfo } from '../servers/server.ts';
import { openStage, putLarge, sha256, url, type Large, type Stage } from '../stage.ts';
import { openUploads } from './crash.ts';
import { startHaproxy, type Haproxy } from './haproxy.ts';

const servers = inject('servers').filter(({ kind }) => kind === 'rgw20');
const byParts = ['--part-size', '5MiB', '--concurrency', '4'];

describe.each(servers)('trouble behind $kind', (server) => {
  if (isSkipped(server)) {
    it.skip(server.why);
    return;
  }
  let stage: Stage;
  let large: Large;
  let sixteen: Large;
  beforeAll(async () => {
    stage = await openStage(server);
    const partSize = 5 * MiB;
    large = await putLarge(stage, { bucket: stage.bucket, key: '64 parts' }, { parts: 64, partSize });
    sixteen = await putLarge(stage, { bucket: stage.bucket, key: '16 parts' }, { parts: 16, partSize });
  }, 300_000);
  afterAll(() => stage?.close());

  const newDestination = () => ({ bucket: stage.backup, key: unique('copy') });

  /** Copies 64 parts; before the 20th something strikes. */
  const copyStruckBy = async (strike: () => Promise<void>): Promise<void> => {
    const destination = newDestination();
    let copies = 0;
    let outage: Promise<void> | undefined;
    stage.proxy.intervene = (request) => {
      if (isPartCopy(request) && ++copies === 20) outage = strike();
      return Promise.resolve();
    };
    const run = await stage.ferry('cp', url(large.ref), url(destination), ...byParts);
    stage.proxy.intervene = () => Promise.resolve();
    expect(outage, run.text).toBeDefined();
    await outage;
    await expectCopy(run, large, destination);
  };

  const expectCopy = async (run: Finished, source: Large, destination: typeof large.ref): Promise<void> => {
    expect(run.code, run.text).toBe(0);
    expect(run.documents, run.text).toMatchObject([{ status: 'copied', parts: source.parts, size: source.size }]);
    expect(await sha256(stage.store, destination)).toBe(source.sha256);
    expect(await openUploads(stage)).toBe(0);
  };

  it('is slowed down by a limit of 60 writes a minute, and loses nothing', async () => {
    await limitWrites(server, 60);
    try {
      await spendAllowance(server, stage);
      const destination = newDestination();
      stage.proxy.passed.length = 0;
      const run = await stage.ferry('cp', url(sixteen.ref), url(destination), ...byParts);
      const refused = stage.proxy.passed.filter(({ status }) => status === 503);
      expect(refused.length, run.text).toBeGreaterThan(0);
      await expectCopy(run, sixteen, destination);
    } finally {
      await limitWrites(server);
    }
  });

  it('finishes a copy when the gateway is killed midway and comes back', async () => {
    await copyStruckBy(async () => {
      await killGateway(server);
      await sleep(2_000);
      await startGateway(server);
    });
  });

  it('finishes a copy when the storage pauses for seconds', async () => {
    await copyStruckBy(async () => {
      await freezeStorage(server);
      await sleep(5_000);
      await thawStorage(server);
    });
  });

  describe('and haproxy in front, which spoils three of ten copy requests', () => {
    let haproxy: Haproxy;
    let home: string;
    beforeAll(async () => {
      haproxy = await startHaproxy(server);
      home = await mkdtemp(join(tmpdir(), 'ferry-haproxy-'));
    }, 300_000);
    afterAll(async () => {
      await haproxy?.down();
      if (home) await rm(home, { recursive: true, force: true });
    });

    it('finishes a copy and a rename through 503, late 500 and silence', async () => {
      const answers = new Map<number | undefined, number>();
      const runtime = await openImpatient(server, home, (status) =>
        answers.set(status, (answers.get(status) ?? 0) + 1),
      );
      const address = { scheme: 's3', endpoint: haproxy.url, region: server.region } as const;
      const options = { partSize: 5 * MiB, concurrency: 4 };
      const first = newDestination();
      const second = newDestination();
      try {
        const copy = { mode: 'copy', store: address, source: large.ref, destination: first, options } as const;
        expect((await runtime.run(copy)).result).toMatchObject({ way: 'parts', parts: large.parts });
        const rename = { ...copy, mode: 'rename', source: sixteen.ref, destination: second } as const;
        expect((await runtime.run(rename)).result).toMatchObject({ way: 'parts', sourceRemoved: true });
      } finally {
        await runtime.close();
      }
      for (const kind of [503, 500, undefined]) expect(answers.get(kind), `answers ${kind}`).toBeGreaterThan(0);
      expect(await sha256(stage.store, first)).toBe(large.sha256);
      expect(await sha256(stage.store, second)).toBe(sixteen.sha256);
      await expect(stage.store.head(sixteen.ref)).rejects.toMatchObject({ code: 'NotFound' });
      expect(await openUploads(stage)).toBe(0);
    });
  });
});

/** Writes small objects until one is refused. */
async function spendAllowance(server: ServerInfo, { bucket }: Stage): Promise<void> {
  const store = openStore({ ...clientOf(server), retry: { attempts: 1 } });
  const write = async (): Promise<void> => {
    for (let i = 0; i < 200; i++) await store.putObject({ bucket, key: 'allowance' }, 'x');
  };
  try {
    await expect(write()).rejects.toMatchObject({ throttled: true });
  } finally {
    await store.close();
  }
}

function clientOf({ endpoint, region, accessKeyId, secretAccessKey }: ServerInfo): StoreConfig {
  const credentials = () => Promise.resolve({ accessKeyId, secretAccessKey });
  return { address: { scheme: 's3', endpoint, region }, credentials };
}

/** The whole runtime, which takes seconds for silence where `ferry` waits minutes: a copy of a large part may take as long. */
function openImpatient(server: ServerInfo, home: string, onAnswer: (status: number | undefined) => void) {
  return openEmbedded({
    home,
    credentials: { s3: clientOf(server).credentials },
    open: (config) => openStore({ ...config, retry: { slowTimeout: 8_000 } }),
    onRequest: ({ operation, status }) => {
      if (operation === 'UploadPartCopy') onAnswer(status);
    },
  });
}
