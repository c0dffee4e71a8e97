/** Every request of the Tablestore client, byte for byte beside that of Alibaba's SDK. */
import { describe, expect, it } from 'vitest';
import { highest, lowest } from '../../../lib/state/tablestore-client/cells.ts';
import { readRange, readOneRow } from '../../../lib/state/tablestore-client/answers.ts';
import type { Request } from '../../../lib/state/tablestore-client/requests.ts';
import {
  batchGetRow,
  combine,
  compare,
  deleteRow,
  getRange,
  getRow,
  keyOf,
  putRow,
  updateRow,
} from '../../../lib/state/tablestore-client/requests.ts';
import { signedHeaders } from '../../../lib/state/tablestore-client/sign.ts';
import { serializeRows } from '../../ots-twin/plain-buffer.ts';
import { loadSdk, messageClass } from '../../ots-twin/sdk.ts';

const sdk = loadSdk();
const int = (value: number): unknown => sdk.Long.fromNumber(value);

function sdkBytes(operation: string, parameters: object): Buffer {
  const message = sdk.encoder.encode(operation, parameters);
  return Buffer.from(Object.getPrototypeOf(message).constructor.encode(message).finish());
}

const texts = {
  'no letters': '',
  'one letter': 'a',
  accents: 'ünï/ ?#%+',
  'letters beyond 16 bits': '日本語😀',
  'control characters': 'null\u0000 "quoted"\\ \n',
  '70,000 letters': 'x'.repeat(70_000),
};
const numbers = [0, 1, -1, 127, 128, 255, 1_700_000_000_000, 2 ** 32, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
const exists = new sdk.Condition(sdk.RowExistenceExpectation.EXPECT_EXIST, null);

describe('a request of the Tablestore client', () => {
  it.each(Object.entries(texts))('is that of the SDK for PutRow of a text of %s', (_, text) => {
    const ours = putRow('jobs', keyOf({ id: text.slice(0, 300) }), { text, flag: true, no: false }, { row: 'absent' });
    const theirs = sdkBytes('putRow', {
      tableName: 'jobs',
      condition: new sdk.Condition(sdk.RowExistenceExpectation.EXPECT_NOT_EXIST, null),
      primaryKey: [{ id: text.slice(0, 300) }],
      attributeColumns: [{ text }, { flag: true }, { no: false }],
    });
    expect(ours).toEqual({ operation: 'PutRow', body: theirs });
  });

  it.each(numbers)('is that of the SDK for PutRow of the integer %d', (number) => {
    const ours = putRow('t', keyOf({ id: 'i' }), { number }, { row: 'exists' });
    const theirs = sdkBytes('putRow', {
      ...{ tableName: 't', condition: exists, primaryKey: [{ id: 'i' }] },
      attributeColumns: [{ number: int(number) }],
    });
    expect(ours.body).toEqual(theirs);
  });

  it('is that of the SDK for UpdateRow that writes, removes, increments and asks for columns', () => {
    const all = new sdk.CompositeCondition(sdk.LogicalOperator.AND);
    all.addSubCondition(new sdk.SingleColumnCondition('state', 'done', sdk.ComparatorType.NOT_EQUAL, false));
    all.addSubCondition(new sdk.SingleColumnCondition('revision', int(7), sdk.ComparatorType.EQUAL, false));
    const ours = updateRow(
      'jobs',
      keyOf({ id: 'j' }),
      { set: { at: 5, body: 'ü' }, remove: ['x', 'y'], add: { n: 7 } },
      { row: 'exists', filter: combine('and', [compare('state', '!=', 'done'), compare('revision', '=', 7)]) },
      ['n', 'at'],
    );
    const theirs = sdkBytes('updateRow', {
      tableName: 'jobs',
      primaryKey: [{ id: 'j' }],
      condition: new sdk.Condition(sdk.RowExistenceExpectation.EXPECT_EXIST, all),
      updateOfAttributeColumns: [
        { PUT: [{ at: int(5) }, { body: 'ü' }] },
        { DELETE_ALL: ['x', 'y'] },
        { INCREMENT: [{ n: int(7) }] },
      ],
      returnContent: { returnColumns: ['n', 'at'], returnType: sdk.ReturnType.AfterModify },
    });
    expect(ours).toEqual({ operation: 'UpdateRow', body: theirs });
  });

  it('is that of the SDK for DeleteRow on a condition, with every comparator', () => {
    const types = sdk.ComparatorType;
    const pairs = [
      ['=', types.EQUAL],
      ['!=', types.NOT_EQUAL],
      ['>', types.GREATER_THAN],
      ['>=', types.GREATER_EQUAL],
      ['<', types.LESS_THAN],
      ['<=', types.LESS_EQUAL],
    ] as const;
    for (const [ourName, theirType] of pairs) {
      const ours = deleteRow('t', keyOf({ id: 'a' }), { row: 'exists', filter: compare('expiresAt', ourName, 9) });
      const condition = new sdk.SingleColumnCondition('expiresAt', int(9), theirType, false);
      const theirs = sdkBytes('deleteRow', {
        ...{ tableName: 't', primaryKey: [{ id: 'a' }] },
        condition: new sdk.Condition(sdk.RowExistenceExpectation.EXPECT_EXIST, condition),
      });
      expect(ours).toEqual({ operation: 'DeleteRow', body: theirs });
    }
  });

  it('is that of the SDK for GetRow', () => {
    const theirs = sdkBytes('getRow', { tableName: 'jobs', primaryKey: [{ id: 'ü' }] });
    expect(getRow('jobs', keyOf({ id: 'ü' }))).toEqual({ operation: 'GetRow', body: theirs });
  });

  it('is that of the SDK for BatchGetRow', () => {
    const ids = ['a', 'ü', 'c'];
    const ours = batchGetRow(
      'jobs',
      ids.map((id) => keyOf({ id })),
    );
    const theirs = sdkBytes('batchGetRow', { tables: [{ tableName: 'jobs', primaryKey: ids.map((id) => [{ id }]) }] });
    expect(ours).toEqual({ operation: 'BatchGetRow', body: theirs });
  });

  it('is that of the SDK for GetRange over values', () => {
    const either = new sdk.CompositeCondition(sdk.LogicalOperator.OR);
    for (const state of ['failed', 'done'])
      either.addSubCondition(new sdk.SingleColumnCondition('state', state, sdk.ComparatorType.EQUAL, false));
    const filter = combine('or', [compare('state', '=', 'failed'), compare('state', '=', 'done')]);
    const ours = getRange('i', {
      ...{ from: keyOf({ at: 9, id: 'z' }), to: keyOf({ at: -3, id: '' }), direction: 'backward', limit: 50, filter },
    });
    const theirs = sdkBytes('getRange', {
      tableName: 'i',
      direction: 'BACKWARD',
      limit: 50,
      inclusiveStartPrimaryKey: [{ at: int(9) }, { id: 'z' }],
      exclusiveEndPrimaryKey: [{ at: int(-3) }, { id: '' }],
      columnFilter: either,
    });
    expect(ours).toEqual({ operation: 'GetRange', body: theirs });
  });

  it('is that of the SDK for GetRange over everything, but for the zero bytes that the SDK leaves behind such a key', () => {
    const ours = getRange('i', {
      ...{ from: keyOf({ at: lowest, id: lowest }), to: keyOf({ at: highest, id: highest }) },
      ...{ direction: 'forward', limit: 1 },
    });
    const theirs = sdkBytes('getRange', {
      ...{ tableName: 'i', direction: 'FORWARD', limit: 1 },
      inclusiveStartPrimaryKey: [{ at: sdk.INF_MIN }, { id: sdk.INF_MIN }],
      exclusiveEndPrimaryKey: [{ at: sdk.INF_MAX }, { id: sdk.INF_MAX }],
    });
    expect(decoded(ours)).toEqual(decoded({ operation: 'GetRange', body: theirs }));
  });

  it('is signed as the SDK signs it, with and without a token', () => {
    for (const securityToken of [undefined, 'sts/token+=']) {
      const credentials = { accessKeyId: 'id', accessKeySecret: 'secret', securityToken };
      const { operation, body } = getRow('t', keyOf({ id: 'a' }));
      const at = 1_700_000_000_123;
      const ours = signedHeaders(`/${operation}`, body, { instance: 'inst', credentials, at });
      const request = {
        path: '/GetRow',
        method: 'POST',
        headers: {
          'x-ots-apiversion': '2015-12-31',
          'x-ots-instancename': 'inst',
          'x-ots-contentmd5': sdk.util.crypto.md5(body, 'base64'),
        } as Record<string, string>,
      };
      new sdk.Signer(request).addAuthorization(
        { accessKeyId: 'id', secretAccessKey: 'secret', securityToken },
        new Date(at),
      );
      expect(ours).toEqual(request.headers);
    }
  });

  it('refuses a number that no INTEGER column keeps exactly', () => {
    for (const number of [0.5, Number.NaN, Infinity, 2 ** 53])
      expect(() => putRow('t', keyOf({ id: 'a' }), { number }, { row: 'absent' })).toThrow('no safe integer');
  });
});

describe('an answer of Tablestore', () => {
  const consumed = { capacityUnit: { read: 1 } };
  const answerOf = (row: Buffer): Buffer =>
    Buffer.from(messageClass('GetRowResponse').encode({ consumed, row }).finish());
  const row = serializeRows([
    {
      key: [{ name: 'id', value: 'ü' }],
      cells: [
        { name: 'n', value: -(2n ** 40n), timestamp: 1_700_000_000_000n },
        { name: 't', value: '日本', timestamp: 1n },
        { name: 'b', value: true },
        { name: 'd', value: 0.5 },
      ],
    },
  ]);

  it('gives the columns of its row, those of the key among them', () => {
    expect(readOneRow(answerOf(row))).toEqual({ id: 'ü', n: -(2 ** 40), t: '日本', b: true, d: 0.5 });
  });

  it('gives no row where there is none', () => {
    expect(readOneRow(answerOf(Buffer.alloc(0)))).toBeUndefined();
  });

  it('gives the key at which the next page begins', () => {
    const next = serializeRows([
      {
        key: [
          { name: 'at', value: 7n },
          { name: 'id', value: 'x' },
        ],
      },
    ]);
    const bytes = messageClass('GetRangeResponse').encode({ consumed, rows: row, nextStartPrimaryKey: next }).finish();
    expect(readRange(Buffer.from(bytes))).toMatchObject({
      rows: [{ id: 'ü' }],
      next: [
        { name: 'at', value: 7 },
        { name: 'id', value: 'x' },
      ],
    });
  });

  it('is not believed when one of its bits is wrong or its end is missing', () => {
    const whole = readOneRow(answerOf(row));
    for (let at = 4; at < row.length; at += 1) {
      const bent = Buffer.from(row);
      bent.writeUInt8(bent.readUInt8(at) ^ 1, at);
      const read = attempt(() => readOneRow(answerOf(bent)));
      expect(read, `byte ${at}`).not.toEqual(whole);
      expect(read, `byte ${at}`).toBe('an error');
    }
    // Of a header alone, an answer without rows may consist.
    for (let length = 5; length < row.length; length += 1)
      expect(attempt(() => readOneRow(answerOf(row.subarray(0, length))))).toBe('an error');
  });
});

function attempt<Result>(read: () => Result): Result | 'an error' {
  try {
    return read();
  } catch {
    return 'an error';
  }
}

/** The message of a range, the keys without zero bytes behind them. */
function decoded({ operation, body }: Request): object {
  const fields = messageClass(`${operation}Request`).decode(body) as Record<string, unknown>;
  const trimmed = (bytes: unknown): string => (bytes as Buffer).toString('hex').replace(/(?:00)+$/, '');
  return {
    ...fields,
    inclusiveStartPrimaryKey: trimmed(fields['inclusiveStartPrimaryKey']),
    exclusiveEndPrimaryKey: trimmed(fields['exclusiveEndPrimaryKey']),
  };
}
