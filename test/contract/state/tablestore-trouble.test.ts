/** What Tablestore may do to the adapter besides what the contracts ask: errors one by one, lost answers, indexes behind. */
import { afterEach, describe, expect, it } from 'vitest';
import { CopyError, endsJob } from '../../../lib/copy/model/errors.ts';
import type { TablestoreState } from '../../../lib/state/tablestore/open.ts';
import { openTablestore } from '../../../lib/state/tablestore/open.ts';
import type { OtsTwinOptions } from '../../ots-twin/start.ts';
import type { FaultCode } from '../../ots-twin/refusal.ts';
import { someJob } from './suite.ts';
import type { TablestoreRig } from './tablestore-rig.ts';
import { clockMovedBySleep, tablestoreRig } from './tablestore-rig.ts';

describe('the state on Tablestore', () => {
  const clock = clockMovedBySleep();
  let rig: TablestoreRig | undefined;
  const others: TablestoreState[] = [];
  afterEach(async () => {
    await Promise.all(others.splice(0).map((other) => other.close()));
    await rig?.close();
    rig = undefined;
  });
  const start = async (options?: OtsTwinOptions): Promise<TablestoreRig> => {
    rig = await tablestoreRig(clock, options);
    return rig;
  };
  const failure = async (call: Promise<unknown>): Promise<CopyError> => {
    const error: unknown = await call.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof CopyError)) throw new Error(`no error of ours: ${String(error)}`);
    return error;
  };

  it.each([
    ['OTSServerBusy', { decision: 'retry', throttled: true, effect: 'none' }, 6],
    ['OTSNotEnoughCapacityUnit', { decision: 'retry', throttled: true, effect: 'none' }, 6],
    ['OTSQuotaExhausted', { decision: 'retry', throttled: true, effect: 'none' }, 6],
    ['OTSRowOperationConflict', { decision: 'retry', throttled: false, effect: 'none' }, 6],
    ['OTSPartitionUnavailable', { decision: 'retry', throttled: false, effect: 'none' }, 6],
    ['OTSTableNotReady', { decision: 'retry', throttled: false, effect: 'none' }, 6],
    ['OTSTimeout', { decision: 'retry', throttled: false, effect: 'unknown' }, 6],
    ['OTSServerUnavailable', { decision: 'retry', throttled: false, effect: 'unknown' }, 6],
    ['OTSInternalServerError', { decision: 'retry', throttled: false, effect: 'unknown' }, 6],
    ['OTSAuthFailed', { decision: 'give-up', code: 'StateUnusable' }, 1],
  ] as const)('answers %s that does not pass with %j, after %d requests', async (code: FaultCode, kind, requests) => {
    const { state, twin } = await start();
    twin.faults.add({ operation: 'PutRow', what: code });
    const error = await failure(state.create(someJob()));
    expect(error).toMatchObject(kind);
    expect(error.answer).toMatchObject({ operation: 'PutRow', code });
    expect(error.message).toContain(`Tablestore PutRow on table ferry of instance ferrytwin: ${code}`);
    expect(endsJob(error)).toBe(false);
    expect(twin.requests.filter(({ operation }) => operation === 'PutRow')).toHaveLength(requests);
  });

  it.each([
    ['another secret', { accessKeySecret: 'wrong' }, 'Signature mismatch'],
    ['another instance', { instance: 'elsewhere' }, 'The instance does not exist'],
    ['a table that is not there', { table: 'nowhere' }, 'Requested table does not exist'],
  ])('says what is wrong with %s, keeps the job, and shows no secret', async (_, wrong, said) => {
    const { twin } = await start();
    const { accessKeySecret = twin.keys.accessKeySecret, ...place } = wrong as Record<string, string | undefined>;
    const other = openTablestore({
      ...{ endpoint: twin.endpoint, instance: twin.instance, table: 'ferry', clock, ...place },
      credentials: async () => ({ ...twin.keys, accessKeySecret }),
    });
    others.push(other);
    const error = await failure(other.state.get('job'));
    expect(error).toMatchObject({ code: 'StateUnusable', message: expect.stringContaining(said) as string });
    expect(endsJob(error)).toBe(false);
    expect(JSON.stringify([error.message, error.stack, error.answer])).not.toContain(accessKeySecret);
  });

  it('says that the host cannot be reached, and that nothing was written', async () => {
    const { twin } = await start();
    const other = openTablestore({
      ...{ endpoint: 'http://127.0.0.1:9', instance: 'i', table: 'ferry', clock },
      credentials: async () => twin.keys,
    });
    others.push(other);
    const error = await failure(other.state.create(someJob()));
    expect(error).toMatchObject({ decision: 'retry', effect: 'none' });
    expect(error.message).toContain('127.0.0.1:9 cannot be reached');
  });

  it.each(['lost-answer', 'late', 'lost-request'] as const)(
    'settles a move with fault %s: it landed once, and its caller hears so',
    async (what) => {
      const { state, twin } = await start();
      const job = someJob({ state: 'copying' });
      await state.create(job);
      twin.faults.add({ operation: 'UpdateRow', what, times: 1 });
      const { landed, job: moved } = await state.move(job, { uploadId: 'mine' });
      expect(landed).toBe(true);
      expect(moved).toMatchObject({ uploadId: 'mine', revision: job.revision + 1 });
      expect(await state.get(job.id)).toEqual(moved);
    },
  );

  it('says that the effect of a move is unknown when neither its answer nor the row can be had', async () => {
    const { state, twin } = await start();
    const job = someJob({ state: 'copying' });
    await state.create(job);
    twin.faults.add({ operation: 'UpdateRow', what: 'late' });
    twin.faults.add({ operation: 'GetRow', what: 'OTSServerBusy' });
    expect(await failure(state.move(job, { uploadId: 'late' }))).toMatchObject({
      decision: 'retry',
      effect: 'unknown',
    });
    twin.faults.clear();
    const row = await state.get(job.id);
    expect(row).toMatchObject({ uploadId: 'late', revision: job.revision + 1 });
    expect(await state.move(job, { uploadId: 'second' })).toEqual({ landed: false, job: row });
  });

  it('never counts too few parts when answers of reports are lost', async () => {
    const { state, twin } = await start();
    const job = someJob({ state: 'copying' });
    await state.create(job);
    twin.faults.add({ operation: 'UpdateRow', what: 'lost-answer', times: 3 });
    const sums = await Promise.all([1, 2, 3, 4].map((parts) => state.count(job.id, parts, clock.at)));
    expect(Math.max(...sums.map((sum) => sum ?? 0))).toBeGreaterThanOrEqual(10);
    expect((await state.get(job.id))?.partsDone).toBe(Math.max(...sums.map((sum) => sum ?? 0)));
  });

  it('does not give out what the index says of a row that was postponed, ended or deleted since', async () => {
    const { state, twin } = await start({ indexLagMs: 200 });
    const [due, postponed, quiet, gone] = [1, 2, 3, 4].map((at) => someJob({ state: 'copying', attentionAt: at }));
    if (!due || !postponed || !quiet || !gone) throw new Error('four jobs');
    for (const job of [due, postponed, quiet, gone]) await state.create(job);
    clock.at += 200;
    await state.move(postponed, { attentionAt: 50 });
    await state.move(quiet, { state: 'failed', attentionAt: undefined });
    twin.table('ferry').write([gone.id], undefined);
    expect(twin.table('ferry').indexed('ferry_due')).toHaveLength(4);
    expect((await state.due(10, 10)).map(({ id }) => id)).toEqual([due.id]);
    // Three rows that are due no more do not hide the one behind them.
    expect((await state.due(10, 1)).map(({ id }) => id)).toEqual([due.id]);
    expect((await state.list({ states: ['copying'], limit: 10 })).jobs.map(({ id }) => id)).not.toContain(quiet.id);
  });

  it('looks behind a page of the index of which no row is due any more', async () => {
    const { state } = await start({ indexLagMs: 200 });
    const jobs = Array.from({ length: 30 }, (_, n) => someJob({ state: 'copying', attentionAt: n }));
    await Promise.all(jobs.map((job) => state.create(job)));
    clock.at += 200;
    await Promise.all(jobs.slice(0, 20).map((job) => state.count(job.id, 1, 1_000)));
    expect((await state.due(500, 4)).map(({ attentionAt }) => attentionAt)).toEqual([20, 21, 22, 23]);
  });

  it('deletes jobs and shared records whose time has come, and nothing that was given more time', async () => {
    const { state, shared, purge, twin } = await start({ indexLagMs: 200 });
    const at = clock.at + 1_000;
    const [old, renewed, young, endless] = [at, at, at + 5_000, undefined].map((expiresAt) =>
      someJob({ state: 'failed', expiresAt }),
    );
    if (!old || !renewed || !young || !endless) throw new Error('four jobs');
    for (const job of [old, renewed, young, endless]) await state.create(job);
    await shared.compareAndSet('pace', undefined, { n: 1 }, at);
    clock.at = at + 200;
    // The index does not know of this yet.
    await state.move(renewed, { state: 'planned', expiresAt: undefined });
    expect(
      twin
        .table('ferry')
        .indexed('ferry_expired')
        .map(({ key }) => key[1]?.value),
    ).toContain(renewed.id);
    expect(await purge()).toBe(2);
    expect(await state.get(old.id)).toBeUndefined();
    for (const job of [renewed, young, endless]) expect(await state.get(job.id)).toBeDefined();
    expect(twin.table('ferry').all()).toHaveLength(3);
  });

  it('writes once for every change, and reads no more than once beside it', async () => {
    const { state, shared, twin } = await start();
    const job = someJob({ state: 'copying' });
    await state.create(job);
    await state.count(job.id, 1, 5);
    await state.move(job, { state: 'finishing' });
    await state.move(job, { state: 'finishing' });
    await shared.compareAndSet('a', undefined, {}, clock.at + 1_000);
    const sent = twin.requests.map(({ operation, answer }) => `${operation} ${answer}`);
    expect(sent).toEqual([
      'PutRow OK',
      'UpdateRow OK',
      'UpdateRow OK',
      'GetRow OK',
      'UpdateRow OTSConditionCheckFail',
      'GetRow OK',
      'PutRow OK',
    ]);
  });

  it('keeps shared records of ids that are longer than a key may be, each its own', async () => {
    const { shared } = await start();
    const ids = ['a', 'b'].map((end) => `${'ü'.repeat(600)}${end}`);
    for (const id of ids) expect(await shared.compareAndSet(id, undefined, { id }, clock.at + 1_000)).toBe(true);
    for (const id of ids) expect((await shared.get(id))?.value).toEqual({ id });
  });

  it.each([
    ['endpoint', { endpoint: 'ferry.cn-hangzhou.ots.aliyuncs.com' }, "not 'ferry.cn-hangzhou.ots.aliyuncs.com'"],
    ['table', { table: 'no-dashes' }, "not 'no-dashes'"],
  ])('refuses an %s that cannot be one, before any call', (_, wrong, said) => {
    const options = { endpoint: 'https://a.cn-hangzhou.ots.aliyuncs.com', instance: 'a', table: 'ferry' };
    const credentials = async () => ({ accessKeyId: 'i', accessKeySecret: 's' });
    expect(() => openTablestore({ ...options, ...wrong, credentials })).toThrow(said);
  });
});
