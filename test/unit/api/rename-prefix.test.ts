import { describe, expect, it } from 'vitest';
import { renamePrefix } from '../../../lib/api/jobs/rename-prefix.ts';
import type { RenamePrefixMessage } from '../../../lib/api/model/message.ts';
import { RetryLater } from '../../../lib/copy/model/errors.ts';
import type { Bench } from './fakes.ts';
import { bench, json, start } from './fakes.ts';

const body = { fromPrefix: 'oss://media/uploads/old/', toPrefix: 'oss://backup/new/' };
const invocation = { id: 'i2', deadline: start + 60_000, attempt: 1 };

function objects(count: number): Record<string, object> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`media/uploads/old/${i}`, {}]));
}

/** Runs what was sent until nothing is sent any more. */
async function run(api: Bench): Promise<void> {
  for (let next = api.messages.shift(); next; next = api.messages.shift()) {
    if (next.message.kind === 'rename-prefix') await renamePrefix(api.deps, next.message, invocation);
  }
}

async function ask(api: Bench): Promise<{ path: string; message: RenamePrefixMessage }> {
  const response = await api.call({ path: '/v1/renames', json: body, headers: { 'idempotency-key': 'p1' } });
  expect([response.status, json(response)['state']]).toEqual([202, 'copying']);
  return { path: response.headers['location'] ?? '', message: api.messages[0]?.message as RenamePrefixMessage };
}

async function status(api: Bench, path: string): Promise<Record<string, unknown>> {
  return json(await api.call({ method: 'GET', path }));
}

describe('the rename of a prefix', () => {
  it('moves every object below it and nothing else', async () => {
    const api = bench({ ...objects(450), 'media/uploads/older': {}, 'backup/there': {} });
    const { path } = await ask(api);
    await run(api);
    expect(await status(api, path)).toMatchObject({ state: 'done', progress: { objectsDone: 450, objectsFailed: 0 } });
    const names = [...api.known.keys()];
    expect(names.filter((name) => name.startsWith('backup/new/')).length).toBe(450);
    expect(names.filter((name) => !name.startsWith('backup/new/')).sort()).toEqual([
      'backup/there',
      'media/uploads/older',
    ]);
  });

  it('of nothing is done at once', async () => {
    const api = bench();
    const { path } = await ask(api);
    await run(api);
    expect(await status(api, path)).toMatchObject({ state: 'done', progress: { objectsDone: 0 } });
  });

  it('counts exactly when its message comes twice, or its worker is killed anywhere', async () => {
    for (let dies = 1; dies <= 40; dies++) {
      const api = bench(objects(5));
      const { path, message } = await ask(api);
      let writes = 0;
      const { move } = api.world.state;
      api.world.state.move = (job, change) =>
        ++writes === dies ? Promise.reject(new Error('killed')) : move(job, change);
      await renamePrefix(api.deps, message, invocation).catch(() => undefined);
      await renamePrefix(api.deps, message, invocation);
      await renamePrefix(api.deps, message, invocation);
      await run(api);
      expect(await status(api, path)).toMatchObject({ state: 'done', progress: { objectsDone: 5, objectsFailed: 0 } });
      expect(api.known.size).toBe(5);
    }
  });

  it('tells what could not be moved, and leaves it', async () => {
    const api = bench({ ...objects(3), 'media/uploads/old/cold': { archived: true } });
    const { path } = await ask(api);
    await run(api);
    expect(await status(api, path)).toMatchObject({
      state: 'failed',
      progress: { objectsDone: 3, objectsFailed: 1 },
      reason: { message: expect.stringMatching(/1 of 4 .*cold.*archived/) as string },
    });
    expect([...api.known.keys()]).toContain('media/uploads/old/cold');
  });

  it('comes back for objects that take their time', async () => {
    const api = bench(objects(2));
    const { path, message } = await ask(api);
    const store = api.world.store({ scheme: 'oss' });
    const { copyObject } = store;
    let slow = true;
    api.world.store = () => ({
      ...store,
      facts: store.facts,
      copyObject: (call) => (slow ? Promise.reject(new RetryLater('slow')) : copyObject(call)),
    });
    api.messages.length = 0;
    await renamePrefix(api.deps, message, invocation);
    expect(api.messages).toMatchObject([{ message, options: { delayMs: 2000 } }]);
    slow = false;
    await run(api);
    expect(await status(api, path)).toMatchObject({ state: 'done', progress: { objectsDone: 2 } });
  });

  it('hands over when its time is up', async () => {
    const api = bench(objects(2));
    const { message } = await ask(api);
    api.messages.length = 0;
    await renamePrefix(api.deps, message, { ...invocation, deadline: start });
    expect(api.messages).toMatchObject([{ message }]);
    expect(api.known.has('media/uploads/old/0')).toBe(true);
  });

  it('stops when it is cancelled', async () => {
    const api = bench(objects(2));
    const { path } = await ask(api);
    await api.call({ method: 'DELETE', path });
    await run(api);
    expect(api.known.has('media/uploads/old/0')).toBe(true);
    expect(await status(api, path)).toMatchObject({ state: 'cancelled' });
  });

  it('does not follow dots out of what the policy allows', async () => {
    const api = bench({ 'media/uploads/old/../../secret': {} });
    const { path } = await ask(api);
    await run(api);
    expect(await status(api, path)).toMatchObject({ state: 'failed', progress: { objectsFailed: 1 } });
    expect([...api.known.keys()]).toEqual(['media/uploads/old/../../secret']);
  });

  it('asked for again is the same job, and is set going again', async () => {
    const api = bench(objects(1));
    const { path } = await ask(api);
    api.messages.length = 0;
    expect((await ask(api)).path).toBe(path);
    expect(api.messages).toMatchObject([{ message: { kind: 'rename-prefix' } }]);
  });
});
