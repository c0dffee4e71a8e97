import { expect, test } from 'vitest';
import { endsJob, GiveUp, RetryLater, SourceChanged, Superseded } from '../../../lib/copy/model/errors.ts';

// Whether an error ends the job that met it.
test.each([
  ['a refusal', new GiveUp('AccessDenied', 'no'), true],
  ['a changed source', new SourceChanged('changed'), true],
  ['newer work', new Superseded('newer'), true],
  ['a passing trouble', new RetryLater('later'), false],
  ['a full disk', new GiveUp('StateUnusable', 'disk full'), false],
  ['a bug', new TypeError('oops'), false],
])('%s', (_name, error, ends) => {
  expect(endsJob(error)).toBe(ends);
});
