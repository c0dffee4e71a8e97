import { expect, it } from 'vitest';
import { logFailure, Problem } from '../../../lib/api/http/problem.ts';
import { GiveUp, RetryLater } from '../../../lib/copy/model/errors.ts';
import { jsonLog } from '../../../lib/log.ts';

it.each([
  ['a full disk', new GiveUp('StateUnusable', 'No space is left'), 'error', 'the state cannot be used'],
  ['a bug', new TypeError('x is not a function'), 'error', 'request failed'],
  ['a store that is away', new RetryLater('no answer'), 'warn', 'request failed'],
  ['a store that refuses', new GiveUp('InvalidCredentials', 'wrong key'), 'warn', 'request failed'],
])('%s is logged beside the answer', (_, error, level, message) => {
  const lines: string[] = [];
  logFailure(jsonLog({ write: (line) => void lines.push(line) }), error, { path: '/v1/copies' });
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level, message, path: '/v1/copies', error: expect.stringContaining(error.message) },
  ]);
});

it('what a client did wrong is not logged as a failure', () => {
  const lines: string[] = [];
  const log = jsonLog({ write: (line) => void lines.push(line) });
  logFailure(log, new Problem('invalid', 'no'), {});
  logFailure(log, new GiveUp('NotFound', 'no such object'), {});
  expect(lines).toEqual([]);
});
