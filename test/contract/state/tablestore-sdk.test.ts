/** The stand-in of Tablestore, judged by Alibaba's own SDK. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tableDefinition } from '../../../lib/state/tablestore/schema.ts';
import { loadSdk } from '../../ots-twin/sdk.ts';
import type { OtsTwin } from '../../ots-twin/start.ts';
import { startOtsTwin } from '../../ots-twin/start.ts';
import { clockMovedBySleep } from './tablestore-rig.ts';

const sdk = loadSdk();
const int = (value: number): unknown => sdk.Long.fromNumber(value);
const { EXPECT_EXIST, EXPECT_NOT_EXIST, IGNORE } = sdk.RowExistenceExpectation;
const condition = (row: number, column: unknown = null): unknown => new sdk.Condition(row, column);

describe('the stand-in of Tablestore, used by the SDK', () => {
  const clock = clockMovedBySleep(Date.now());
  let twin: OtsTwin;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  let client: any;

  beforeAll(async () => {
    twin = await startOtsTwin({ now: () => clock.at, indexLagMs: 200 });
    client = open('twin-secret');
    const { name, primaryKey, definedColumns, indexes, timeToLive, maxVersions } = tableDefinition('jobs');
    await client.createTable({
      tableMeta: {
        tableName: name,
        primaryKey: primaryKey.map((column) => ({ name: column.name, type: column.type })),
        definedColumn: definedColumns.map((column) => ({
          ...{ name: column.name, type: sdk.DefinedColumnType[`DCT_${column.type}`] },
        })),
      },
      reservedThroughput: { capacityUnit: { read: 0, write: 0 } },
      tableOptions: { timeToLive, maxVersions },
      indexMetas: indexes.map((index) => ({
        ...{ name: index.name, primaryKey: index.primaryKey, definedColumn: index.columns },
      })),
    });
  });
  afterAll(async () => twin.close());

  function open(secretAccessKey: string): unknown {
    return new sdk.Client({
      ...{ accessKeyId: 'twin-key', secretAccessKey, endpoint: twin.endpoint, instancename: twin.instance },
      maxRetries: 0,
    });
  }
  const put = (id: string, columns: object[], row = IGNORE): Promise<object> =>
    client.putRow({ tableName: 'jobs', condition: condition(row), primaryKey: [{ id }], attributeColumns: columns });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  const get = async (id: string): Promise<any> =>
    (await client.getRow({ tableName: 'jobs', primaryKey: [{ id }] })).row;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  const column = (row: any, name: string): unknown =>
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    row.attributes.find((cell: any) => cell.columnName === name)?.columnValue;

  it('makes the table of the schema, lists it and describes it', async () => {
    expect((await client.listTable({})).tableNames).toEqual(['jobs']);
    const { tableMeta, indexMetas } = await client.describeTable({ tableName: 'jobs' });
    expect(tableMeta.primaryKey.map(({ name }: { name: string }) => name)).toEqual(['id']);
    expect(indexMetas.map(({ name }: { name: string }) => name)).toEqual(['jobs_due', 'jobs_newest', 'jobs_expired']);
  });

  it('refuses a table that has indexes, updates and a time to live', async () => {
    const made = client.createTable({
      tableMeta: {
        tableName: 'other',
        primaryKey: [{ name: 'id', type: 'STRING' }],
        definedColumn: [{ name: 'a', type: sdk.DefinedColumnType.DCT_INTEGER }],
      },
      reservedThroughput: { capacityUnit: { read: 0, write: 0 } },
      tableOptions: { timeToLive: 86_400, maxVersions: 1 },
      indexMetas: [{ name: 'by_a', primaryKey: ['a', 'id'], definedColumn: [] }],
    });
    await expect(made).rejects.toThrow('allow update operation on table with index and ttl');
  });

  it('keeps a row if there is none, and refuses a second one', async () => {
    await put('first', [{ text: 'ünï' }, { n: int(7) }, { yes: true }], EXPECT_NOT_EXIST);
    const row = await get('first');
    expect([column(row, 'text'), Number(column(row, 'n')), column(row, 'yes')]).toEqual(['ünï', 7, true]);
    await expect(put('first', [{ n: int(8) }], EXPECT_NOT_EXIST)).rejects.toThrow('OTSConditionCheckFail');
  });

  it('updates on a condition of a column, increments, and gives the sum back', async () => {
    await put('counted', [{ revision: int(1) }, { old: 'x' }]);
    const update = (revision: number): Promise<{ row: unknown }> =>
      client.updateRow({
        tableName: 'jobs',
        primaryKey: [{ id: 'counted' }],
        condition: condition(
          EXPECT_EXIST,
          new sdk.SingleColumnCondition('revision', int(revision), sdk.ComparatorType.EQUAL, false),
        ),
        updateOfAttributeColumns: [
          { PUT: [{ revision: int(revision + 1) }] },
          { DELETE_ALL: ['old'] },
          { INCREMENT: [{ parts: int(3) }] },
        ],
        returnContent: { returnColumns: ['parts'], returnType: sdk.ReturnType.AfterModify },
      });
    expect(Number(column((await update(1)).row, 'parts'))).toBe(3);
    await expect(update(1)).rejects.toThrow('OTSConditionCheckFail');
    expect(Number(column((await update(2)).row, 'parts'))).toBe(6);
    expect(column(await get('counted'), 'old')).toBeUndefined();
  });

  it('reads many rows at once, those that are missing among them', async () => {
    await put('one', [{ n: int(1) }]);
    const { tables } = await client.batchGetRow({
      tables: [{ tableName: 'jobs', primaryKey: [[{ id: 'one' }], [{ id: 'none' }]] }],
    });
    expect(
      tables[0].map(({ isOk, primaryKey }: { isOk: boolean; primaryKey: unknown }) => [isOk, !!primaryKey]),
    ).toEqual([
      [true, true],
      [true, false],
    ]);
  });

  it('shows a row in an index only when the lag has passed, in the order of its key, and only with all its columns', async () => {
    await put('later', [{ attentionAt: int(20) }]);
    await put('sooner', [{ attentionAt: int(10) }]);
    await put('never', [{ state: 'done' }]);
    const due = async (): Promise<string[]> => {
      const { rows } = await client.getRange({
        ...{ tableName: 'jobs_due', direction: sdk.Direction.FORWARD, limit: 10 },
        inclusiveStartPrimaryKey: [{ attentionAt: sdk.INF_MIN }, { id: sdk.INF_MIN }],
        exclusiveEndPrimaryKey: [{ attentionAt: sdk.INF_MAX }, { id: sdk.INF_MAX }],
      });
      return rows.map(({ primaryKey }: { primaryKey: { value: string }[] }) => primaryKey[1]?.value);
    };
    expect(await due()).toEqual([]);
    clock.at += 199;
    expect(await due()).toEqual([]);
    clock.at += 1;
    expect(await due()).toEqual(['sooner', 'later']);
  });

  it('gives a range page by page, backward too, by a filter', async () => {
    for (const n of [1, 2, 3, 4]) await put(`page${n}`, [{ createdAt: int(n) }, { state: n % 2 ? 'odd' : 'even' }]);
    clock.at += 200;
    const seen: string[] = [];
    let start: object[] | null = [{ createdAt: sdk.INF_MAX }, { id: sdk.INF_MAX }];
    while (start) {
      const page: {
        rows: { primaryKey: { value: string }[] }[];
        nextStartPrimaryKey: { name: string; value: unknown }[] | null;
      } = await client.getRange({
        ...{ tableName: 'jobs_newest', direction: sdk.Direction.BACKWARD, limit: 1 },
        inclusiveStartPrimaryKey: start,
        exclusiveEndPrimaryKey: [{ createdAt: sdk.INF_MIN }, { id: sdk.INF_MIN }],
        columnFilter: new sdk.SingleColumnCondition('state', 'even', sdk.ComparatorType.EQUAL, false),
      });
      seen.push(...page.rows.map(({ primaryKey }) => String(primaryKey[1]?.value)));
      start = page.nextStartPrimaryKey && page.nextStartPrimaryKey.map(({ name, value }) => ({ [name]: value }));
    }
    expect(seen).toEqual(['page4', 'page2']);
  });

  it('deletes a row', async () => {
    await put('gone', [{ n: int(1) }]);
    await client.deleteRow({ tableName: 'jobs', primaryKey: [{ id: 'gone' }], condition: condition(EXPECT_EXIST) });
    expect(await get('gone')).toEqual({});
  });

  it('refuses a signature made with another key', async () => {
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    const other = open('other-secret') as any;
    await expect(other.listTable({})).rejects.toThrow('Signature mismatch');
  });
});
