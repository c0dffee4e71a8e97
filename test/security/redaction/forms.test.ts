/** Secrets that show by their form are hidden wherever a text carries them, and keys are logged as they are. */
import { describe, expect, it } from 'vitest';
import { jsonResponse } from '../../../lib/api/http/http.ts';
import { humanLog, jsonLog, redact } from '../../../lib/log.ts';

const shown = (text: string): unknown => redact({ error: text }).error;

describe('a text', () => {
  it.each([
    ['whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFB= is set', 'whsec_[hidden] is set'],
    ['webhook v1,aHVudGVyMmh1bnRlcjJodW50ZXIy= came', 'webhook v1,[hidden] came'],
    ['webhook-signature: v1,short', 'webhook-signature: [hidden]'],
    ['POST /events/evtoken_0123456789abcdefghijkl failed', 'POST /events/[hidden] failed'],
    ['http://127.0.0.1:8470/events/evtoken_0123456789abcdef', 'http://127.0.0.1:8470/events/[hidden]'],
    ['Authorization: OSS LTAIhunter:hunter2/hunter2=', 'Authorization: OSS [hidden]'],
    ['AWS AKhunter2:hunter2hunter2=', 'AWS [hidden]'],
    ['ACS3-HMAC-SHA256 Credential=hunter,Signature=hunter2', 'ACS3-HMAC-SHA256 [hidden]'],
    ['https://hunter:hunter2@h/x', 'https://[hidden]@h/x'],
    ['https://h/x?a=1&sig=hunter2&b=2', 'https://h/x?a=1&sig=[hidden]&b=2'],
    ['https://h/x?apikey=hunter2', 'https://h/x?apikey=[hidden]'],
    ['key AKIAIOSFODNN7EXAMPLE is not known', 'key AKIA[hidden] is not known'],
    ['key LTAI5tHunter2Hunter2Hunt is not known', 'key LTAI[hidden] is not known'],
    ['token STS.NTuNr2hunter2hunter2 expired', 'token STS.[hidden] expired'],
  ])('%s', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it.each([
    'oss://photos/logs/events/2026-11-29T00-00-00-something-long.json',
    'oss://photos/a@b/c:d@e.jpg',
    's3://photos/LTAI/akia/whsec.txt',
    'CopyObject of oss://photos/AWS notes: 2026.txt',
  ])('keeps the key in %s', (text) => {
    expect(shown(text)).toBe(text);
  });
});

it('logs a key as it is, for a person has to find the object', () => {
  const fields = { key: 'tokens/secret=plan.txt?sig=1', prefix: '/events/evtoken_0123456789abcdef' };
  expect(redact(fields)).toEqual(fields);
});

describe('what a terminal acts on and does not show', () => {
  const key = 'a\u009b2Jb\u202ec\u2066d\u200fe\u2028f\u007fg';
  // eslint-disable-next-line no-control-regex
  const unseen = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

  it('is escaped in both logs', () => {
    const lines: string[] = [];
    for (const make of [jsonLog, humanLog]) make({ write: (line) => lines.push(line) }).warn(key, { key });
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).not.toMatch(unseen);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: key, key });
  });

  it('is escaped in answers of the API, which read the same', () => {
    const { body } = jsonResponse(200, { key });
    expect(body).not.toMatch(unseen);
    expect(JSON.parse(body)).toEqual({ key });
  });
});
