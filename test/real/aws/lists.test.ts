/** A list whose rows depend on one another, on the whole installation, killed and told everything twice (I3). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BatchWorld, ResultLine } from '../../../lib/batch/index.ts';
import { readBatch, results } from '../../../lib/batch/index.ts';
import { bodiesOf, foresee, longList, wrongIn } from '../../contract/lists.ts';
import { contentsBelow, inTurn } from '../contents.ts';
import type { ServerInfo } from '../servers/server.ts';
import { expectAtRest, patience } from './at-rest.ts';
import type { Installation } from './installation.ts';
import { apiKey, install } from './installation.ts';
import { withMischief } from './mischief.ts';
import { onBoth } from './on-both.ts';

const scale = Number(process.env.FERRY_E2E_SCALE ?? 1);

onBoth('lists on AWS', lists);

function lists(server: ServerInfo, queueServer: ServerInfo<'moto'>): void {
  let at: Installation;
  let world: BatchWorld;
  beforeAll(async () => {
    at = await install(server, queueServer);
    const runtime = await at.open();
    if (!runtime.batches) throw new Error('the runtime has no batches');
    world = runtime.batches;
  });
  afterAll(() => at?.close());

  const contents = (prefix: string) => contentsBelow(at.store, at.replica, prefix);

  // A rename is the one that could destroy something; at full scale the copy is tried as well.
  it.each(scale > 1 ? (['rename', 'copy'] as const) : (['rename'] as const))(
    'a list with conflicts, to %s, destroys no object and counts each row once when functions are killed and messages come twice',
    async (mode) => {
      const prefix = `${mode}/`;
      const rows = longList(prefix, Math.ceil(300 * scale));
      await inTurn(bodiesOf(rows), async ([key, body]) => {
        await at.store.putObject({ bucket: at.replica, key }, Buffer.from(body));
      });
      const foreseen = foresee(mode, rows, await contents(prefix));
      const list = rows.map(([key, destination]) => JSON.stringify({ bucket: at.replica, key, destination }));
      await at.store.putObject({ bucket: at.aside, key: `${mode}.jsonl` }, Buffer.from(list.join('\n')));
      const killed = at.work.counts.killed;
      const call = async (path: string, body?: object) => {
        const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
        const method = body ? 'POST' : 'GET';
        const answer = await fetch(at.front.url + path, { method, headers, body: body && JSON.stringify(body) });
        const text = await answer.text();
        if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
        return JSON.parse(text) as { id: string; self: string; ended: boolean };
      };
      const source = { manifest: `s3://${at.aside}/${mode}.jsonl` };
      let id = '';
      await withMischief(at, at.work, async () => {
        const batch = await call('/v1/batches', { mode, source, pageSize: 50 });
        id = batch.id;
        await expect.poll(async () => (await call(batch.self)).ended, patience).toBe(true);
      });
      await expectAtRest(at);
      const conflicts = foreseen.rows.filter(({ code }) => code === 'RowConflict').length;
      const { summary } = await readBatch(world, id);
      const lines: ResultLine[] = [];
      for await (const line of results(world, id)) lines.push(line);
      // The results go first: they say why a row was not done.
      expect(wrongIn(lines, foreseen, 1)).toEqual([]);
      expect(summary).toMatchObject({
        ...{ state: 'done', entries: rows.length },
        ...{ counts: foreseen.counts, failures: { RowConflict: conflicts } },
      });
      expect(await contents(prefix)).toEqual(foreseen.after);
      expect(at.work.counts.killed).toBeGreaterThan(killed);
      console.log(`${mode}: ${rows.length} rows`, summary?.counts, at.work.counts);
    },
  );
}
