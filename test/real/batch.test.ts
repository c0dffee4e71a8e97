import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { BatchView, ResultLine } from '../../lib/batch/index.ts';
import { bytes, MiB, unique } from '../contract/store/target.ts';
import { limitWrites } from './servers/index.ts';
import { isSkipped } from './servers/server.ts';
import { openStage, putLarge, type Stage } from './stage.ts';

const small = 200;

describe.each(inject('servers'))('a batch on $kind', (server) => {
  if (isSkipped(server)) {
    it.skip(server.why);
    return;
  }
  let stage: Stage;
  const keys: string[] = [];
  beforeAll(async () => {
    stage = await openStage(server);
    for (let n = 0; n < small; n++) keys.push(`in/${n % 7}/object ${n} +%&目😀`);
    await Promise.all(
      Array.from({ length: 8 }, async (_, worker) => {
        for (let n = worker; n < small; n += 8)
          await stage.store.putObject({ bucket: stage.bucket, key: keys[n] ?? '' }, bytes(100 + n));
      }),
    );
    await putLarge(stage, { bucket: stage.bucket, key: 'in/large' }, { parts: 8, partSize: 5 * MiB });
    keys.push('in/large');
  });
  afterAll(() => stage?.close());

  const batch = async (verb: string, ...args: string[]) => {
    const { code, documents, text } = await stage.ferry('batch', verb, ...args, '--page-size', '20');
    return { code, text, view: documents[0] as unknown as BatchView };
  };
  const sides = (prefix: string) => [`s3://${stage.bucket}/in/`, `s3://${stage.backup}/${prefix}`];
  const report = async (id: string) => (await stage.ferry('batch', 'report', id)).documents as unknown as ResultLine[];

  /** Every object once in the report, and verified at its destination. */
  const expectAll = async (id: string, prefix: string): Promise<void> => {
    const lines = await report(id);
    expect(lines.map(({ key }) => key).sort()).toEqual([...keys].sort());
    expect(new Set(lines.map(({ status }) => status))).toEqual(new Set(['copied']));
    // Swift's ETag of a large object depends on its parts, and it has no checksums: only the bytes tell.
    const verified = await batch('verify', ...sides(prefix), ...(server.kind === 'swift' ? ['--deep'] : []));
    expect(verified.view.counts.counts, verified.text).toEqual({ same: keys.length });
    expect(verified.code, verified.text).toBe(0);
  };

  it('copies every object, small and large, and finds them equal', async () => {
    const prefix = `${unique('all')}/`;
    const { code, text, view } = await batch('run', ...sides(prefix), '--part-size', '5MiB');
    expect(code, text).toBe(0);
    await expectAll(view.id, prefix);
  });

  it('goes on after its process was killed, and counts each object once', async () => {
    const prefix = `${unique('killed')}/`;
    const running = stage.start('batch', 'run', ...sides(prefix), '--page-size', '20', '--objects', '2');
    while ((await stage.store.listObjects(stage.backup, { prefix })).contents.length < small / 3) await sleep(50);
    running.kill();
    await running.finished;
    const resumed = await stage.ferry('resume');
    expect(resumed.code, resumed.text).toBe(0);
    const view = resumed.documents.find((document) => 'pages' in document) as unknown as BatchView;
    await expectAll(view.id, prefix);
  });

  it.runIf(server.kind === 'rgw20')(
    'slows down where the server asks for it, and loses nothing',
    async () => {
      const prefix = `${unique('storm')}/`;
      const perMinute = 120;
      await limitWrites(server, perMinute);
      try {
        const { code, text, view } = await batch('run', ...sides(prefix), '--objects', '16');
        expect(code, text).toBe(0);
        expect(view.throttled).toBeGreaterThan(0);
        expect(view.counts.failures).toEqual({});
        // Every worker that goes on as before is refused more than ten times for each object.
        const refused = stage.proxy.passed.filter(({ status }) => status === 503).length;
        expect(refused).toBeLessThan(5 * keys.length);
      } finally {
        await limitWrites(server);
      }
      const [newest] = (await stage.ferry('batch', 'status')).documents as unknown as BatchView[];
      await expectAll(newest?.id ?? '', prefix);
    },
    600_000,
  );
});
