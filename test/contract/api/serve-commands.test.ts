import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { ferry } from '../../../lib/cli/program.ts';
import { serveJsonSchema } from '../../../lib/config/file.ts';
import { openEmbedded } from '../../../lib/runtime/embedded/open.ts';
import { openQueues } from '../../../lib/runtime/serve/queues.ts';
import { openReceiver, openService, secret, until } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferry-commands-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = Promise.all([text(stdout), text(stderr)]);
  const code = await ferry(args, { stdout, stderr, env: { PATH: process.env['PATH'] } });
  stdout.end();
  stderr.end();
  const [out, error] = await texts;
  return { code, out, error };
}

describe('ferry dead', () => {
  const home = join(folder, 'dead');

  /** Two events of an unknown kind, buried as the worker would. */
  async function bury(): Promise<void> {
    const embedded = await openEmbedded({ home });
    const { events } = openQueues(embedded);
    await events.send([
      { kind: 'posted', body: '{"a":1}' },
      { kind: 'posted', body: '{"b":2}' },
    ]);
    for (const delivery of await events.receive(2, 1000)) await events.bury(delivery, 'unknown trigger\u001b[31m');
    await embedded.close();
  }

  it('lists, sends again and drops', async () => {
    await bury();
    const listed = await run('dead', 'list', '--state', home);
    expect(listed.out).toMatch(/^events-1 .* 1 attempt .*unknown trigger/m);
    expect(listed.out).not.toContain('\u001b');
    const letters = (await run('dead', 'list', '--json', '--state', home)).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(letters).toMatchObject([{ id: 'events-1', message: { body: '{"a":1}' } }, { id: 'events-2' }]);

    expect(await run('dead', 'redrive', 'events-1', '--state', home)).toMatchObject({
      code: 0,
      out: '1 letter sent again\n',
    });
    const embedded = await openEmbedded({ home });
    expect(await openQueues(embedded).events.receive(10, 1000)).toMatchObject([
      { task: { body: '{"a":1}' }, attempt: 1 },
    ]);
    await embedded.close();

    expect(await run('dead', 'drop', '--all', '--state', home)).toMatchObject({ code: 0, out: '1 letter dropped\n' });
    expect((await run('dead', 'list', '--state', home)).out).toBe('nothing was given up\n');
  });

  it('asks for clear words', async () => {
    expect(await run('dead', 'redrive', '--state', home)).toMatchObject({ code: 2 });
    expect(await run('dead', 'drop', 'events-1', '--all', '--state', home)).toMatchObject({ code: 2 });
    expect(await run('dead', 'drop', 'letters-1', '--state', home)).toMatchObject({ code: 2 });
    expect(await run('dead', 'redrive', 'events-99', '--state', home)).toMatchObject({ code: 3 });
  });
});

describe('ferry serve', () => {
  it('publishes the schema of its configuration', async () => {
    const printed = JSON.parse((await run('serve', '--schema')).out) as object;
    expect(printed).toEqual(serveJsonSchema());
    expect(JSON.parse(readFileSync('docs/ferry.schema.json', 'utf8'))).toEqual(printed);
  });

  it('refuses a configuration with the exit code for it, and says where', async () => {
    const file = join(folder, 'ferry.yaml');
    writeFileSync(file, 'prot: 1\n');
    const refused = await run('serve', '--config', file, '--state', join(folder, 'none'));
    expect([refused.code, refused.error]).toEqual([2, expect.stringContaining('prot')]);
    expect(await run('serve', '--config', join(folder, 'not-there.yaml'))).toMatchObject({ code: 2 });
    expect((await run('serve', '--state', join(folder, 'none'))).error).toContain('--insecure-no-auth');
  });
});

describe('what is due when the process ends', () => {
  it('comes after the next start: a callback without a receiver, and the lifecycle of jobs', async () => {
    let deaf = true;
    const receiver = await openReceiver(() => (deaf ? 503 : 204));
    const config = { lifecycle: { url: `${receiver.url}/lifecycle`, secrets: [secret] } };
    const options = { callbackHosts: [receiver.url], config };
    const home = join(folder, 'restart');
    const first = await openService({ ...options, home });
    await first.twin.store.put('photos', 'a', { size: 3 });
    const body = { source: 'oss://photos/a', destination: 'oss://backup/a', callback: `${receiver.url}/callback` };
    expect((await first.call('/v1/copies', body)).status).toBe(200);
    await until(async () => receiver.received.length >= 3);
    await first.serving.close();
    deaf = false;
    const refused = receiver.received.splice(0).length;
    expect(refused).toBeGreaterThanOrEqual(3);

    const second = await openService({ ...options, home, twin: first.twin });
    await until(async () => receiver.received.length >= 3);
    const types = receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type).sort();
    expect(types).toEqual(['object-ferry.job.done', 'object-ferry.job.done', 'object-ferry.job.planned']);
    await second.close();
    await first.client.close();
    await first.twin.close();
    await receiver.close();
  });
});
