import { describe, expect, it } from 'vitest';
import { humanLog, jsonLog, redact } from '../../../lib/log.ts';
import type { LogOptions } from '../../../lib/log.ts';

function lines(make: typeof jsonLog, options: Partial<LogOptions> = {}) {
  const written: string[] = [];
  const log = make({ write: (line) => written.push(line), now: () => 1_700_000_000_000, ...options });
  return { log, written };
}

describe('JSON log', () => {
  it('writes one object a line with time, level, message and fields', () => {
    const { log, written } = lines(jsonLog, { fields: { version: '1' } });
    log.info('job done', { job: 'j1', parts: 3, ok: true, gone: undefined });
    log.error('oh\nno');
    expect(written.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        time: '2023-11-14T22:13:20.000Z',
        level: 'info',
        message: 'job done',
        version: '1',
        job: 'j1',
        parts: 3,
        ok: true,
      },
      { time: '2023-11-14T22:13:20.000Z', level: 'error', message: 'oh\nno', version: '1' },
    ]);
    for (const line of written) expect(line).not.toContain('\n');
  });

  it('lets no field pass for time, level or message of the line', () => {
    const { log, written } = lines(jsonLog);
    log.info('true', { level: 'error', message: 'false', time: 'never' });
    expect(JSON.parse(written[0] ?? '')).toMatchObject({
      level: 'info',
      message: 'true',
      time: '2023-11-14T22:13:20.000Z',
    });
  });

  it.each([
    ['debug', ['a', 'b', 'c', 'd']],
    ['info', ['b', 'c', 'd']],
    ['warn', ['c', 'd']],
    ['error', ['d']],
  ] as const)('writes from level %s up', (level, expected) => {
    const { log, written } = lines(jsonLog, { level });
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(written.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(expected);
  });
});

describe('secrets', () => {
  it.each([
    'secretAccessKey',
    'Authorization',
    'x-amz-security-token',
    'sessionToken',
    'X-Amz-Signature',
    'password',
    'accessKeyId',
    'apiKey',
    'webhook_secret',
  ])('the value of %s is hidden', (name) => {
    expect(redact({ [name]: 'hunter2' })).toEqual({ [name]: '[hidden]' });
  });

  it('what is not named so is left alone', () => {
    const fields = { key: 'a/b', job: 'j', uploadId: 'u', requestId: 'r', bytes: 5, none: undefined };
    expect(redact(fields)).toEqual(fields);
  });

  it.each([
    'GET https://b.oss.example/k?Expires=1&OSSAccessKeyId=LTAIx&Signature=hunter2%3D failed',
    'https://s3/k?X-Amz-Credential=hunter2%2F20260101&X-Amz-Signature=hunter2&x=1',
    'https://s3/k?X-Amz-Security-Token=hunter2',
    'authorization was OSS4-HMAC-SHA256 Credential=hunter2/20260101/cn/oss/aliyun_v4_request,Signature=hunter2',
    'header AWS4-HMAC-SHA256 Credential=x/y, SignedHeaders=host, Signature=hunter2',
    'Bearer hunter2',
    '{"secretAccessKey":"hunter2"}',
  ])('a text does not carry one out: %s', (text) => {
    const { log, written } = lines(jsonLog);
    log.warn(text, { error: text });
    const human = lines(humanLog);
    human.log.warn(text, { error: text });
    for (const line of [...written, ...human.written]) {
      expect(line).not.toContain('hunter2');
      expect(line).not.toContain('LTAIx');
    }
  });

  it('keeps the rest of the text', () => {
    expect(redact({ error: 'GET https://h/k?Signature=hunter2&partNumber=3 answered 403' }).error).toBe(
      'GET https://h/k?Signature=[hidden]&partNumber=3 answered 403',
    );
  });
});

describe('log for people', () => {
  it('puts the message first and the level only when it is worth a word', () => {
    const { log, written } = lines(humanLog, { level: 'debug' });
    log.info('job done', { job: 'j1', etag: 'a b', gone: undefined });
    log.warn('slow');
    log.error('broken', { stack: 'Error: ...' });
    expect(written).toEqual(['job done (job=j1 etag="a b")', 'warn: slow', 'error: broken']);
  });

  it('stays on one line and leaves the terminal alone, whatever a key holds', () => {
    const { log, written } = lines(humanLog);
    log.info('copied\u001b[2J', { key: 'a\r\nb\u2028c\u0007' });
    // eslint-disable-next-line no-control-regex
    expect(written[0]).not.toMatch(/[\u0000-\u001f\u2028]/);
    expect(written[0]).toContain('copied\\u001b[2J');
  });
});
