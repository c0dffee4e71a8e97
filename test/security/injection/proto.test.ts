/** Metadata or a tag named `__proto__` is refused: a JSON schema check would drop it, and the answer would say that all is done. */
import { expect, it } from 'vitest';
import { readJson } from '../../../lib/api/http/read-request.ts';
import { fullRequest } from '../../unit/api/fakes.ts';

const read = (json: string): unknown =>
  readJson(fullRequest({ body: Buffer.from(json), headers: { 'content-type': 'application/json' } }));

it.each(['{"metadata":{"set":{"__proto__":"x"}}}', '{"tags":{"set":{"a":"b","__proto__":"x"}}}', '{"__proto__":{}}'])(
  'refuses the body %s',
  (json) => {
    expect(() => read(json)).toThrow(/"__proto__".*choose another name/);
  },
);

it('reads other names that objects have of their own', () => {
  expect(read('{"constructor":"y","toString":"z"}')).toEqual({ constructor: 'y', toString: 'z' });
});
