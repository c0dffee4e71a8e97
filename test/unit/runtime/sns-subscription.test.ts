/** Subscriptions of SNS topics, confirmed for messages that are signed by a real key and nothing else. */
import { execFileSync } from 'node:child_process';
import { createSign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digest } from '../../../lib/api/callers/callers.ts';
import { postEvent, type PostedEvent } from '../../../lib/runtime/serve/post-event.ts';
import { handClock } from '../state/home.ts';

const token = 'token-0123456789-0123456789';
const TopicArn = 'arn:aws:sns:us-west-2:111122223333:MyTopic';
const host = 'https://sns.us-west-2.amazonaws.com';

let folder = '';
let [key, certificate] = ['', ''];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-sns-'));
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const asked = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=sns.amazonaws.com'];
  execFileSync('openssl', ['req', '-x509', ...asked, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' });
  [key, certificate] = [readFileSync(keyFile, 'utf8'), readFileSync(certFile, 'utf8')];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Message = Record<string, string>;

/** A message as the SNS Developer Guide shows it, signed over the names that the guide lists for it. */
function message(changes: Message = {}, version = '2', sign: Message = {}): Message {
  const text: Message = {
    Type: 'SubscriptionConfirmation',
    MessageId: '165545c9-2a5c-472c-8df2-7ff2be2b3b1b',
    Token: '2336412f37f',
    TopicArn,
    Message: 'You have chosen to subscribe to the topic.',
    SubscribeURL: `${host}/?Action=ConfirmSubscription&TopicArn=${TopicArn}&Token=2336412f37f`,
    Timestamp: new Date().toISOString(),
    ...sign,
  };
  const names = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
  const signed = names.map((name) => `${name}\n${text[name]}\n`).join('');
  const signer = createSign(version === '1' ? 'RSA-SHA1' : 'RSA-SHA256').update(signed);
  const SigningCertURL = `${host}/SimpleNotificationService-f3ecfb.pem`;
  return { ...text, SignatureVersion: version, Signature: signer.sign(key, 'base64'), SigningCertURL, ...changes };
}

async function post(body: Message, topics = [TopicArn]) {
  const read: string[] = [];
  const kept: PostedEvent[] = [];
  const parts = {
    ...{ callers: [], tokenDigests: [digest(token)], clock: { ...handClock(), now: () => Date.now() } },
    keep: async (event: PostedEvent) => void kept.push(event),
    sns: {
      topics,
      read: (url: URL) => {
        read.push(url.href);
        return Promise.resolve(url.pathname.endsWith('.pem') ? certificate : '<ConfirmSubscriptionResponse/>');
      },
    },
  };
  const request = {
    method: 'POST',
    path: `/events/${token}`,
    query: '',
    headers: {},
    body: Buffer.from(JSON.stringify(body)),
  };
  const answer = await postEvent(parts, request).catch((error: unknown) => error);
  return { read, kept, answer };
}

describe('a SubscriptionConfirmation of a listed topic', () => {
  it.each(['1', '2'])('is confirmed when its signature of version %s is right', async (version) => {
    const { read, kept, answer } = await post(message({}, version));
    expect(answer).toMatchObject({ status: 200 });
    expect(kept).toEqual([]);
    expect(read).toEqual([expect.stringContaining('.pem'), expect.stringContaining('Action=ConfirmSubscription')]);
  });

  it.each<[string, () => Message]>([
    ['a text that was changed', () => message({ Message: 'other' })],
    ['a signature that is none', () => message({ Signature: 'AAAA' })],
    ['an unknown version', () => message({ SignatureVersion: '3' })],
    [
      'a certificate elsewhere',
      () => message({ SigningCertURL: 'https://sns.us-west-2.amazonaws.com.evil.test/a.pem' }),
    ],
    ['a certificate in another region', () => message({ SigningCertURL: 'https://sns.eu-west-1.amazonaws.com/a.pem' })],
    ['a certificate without TLS', () => message({ SigningCertURL: 'http://sns.us-west-2.amazonaws.com/a.pem' })],
    [
      'a host that only begins so',
      () => message({}, '2', { SubscribeURL: 'https://sns.us-west-2.amazonaws.com@evil.test/' }),
    ],
    [
      'another address',
      () => message({}, '2', { SubscribeURL: `http://127.0.0.1/?Action=ConfirmSubscription&TopicArn=${TopicArn}` }),
    ],
    ['another action', () => message({}, '2', { SubscribeURL: `${host}/?Action=Publish&TopicArn=${TopicArn}` })],
    [
      'another topic in its URL',
      () => message({}, '2', { SubscribeURL: `${host}/?Action=ConfirmSubscription&TopicArn=other` }),
    ],
    ['an old time', () => message({}, '2', { Timestamp: '2012-04-26T20:45:04.751Z' })],
  ])('is a dead letter that says what to do, and is not confirmed: %s', async (_what, made) => {
    const { read, kept, answer } = await post(made());
    expect(read.filter((url) => !url.endsWith('.pem'))).toEqual([]);
    expect(kept).toMatchObject([{ kind: 'posted' }]);
    expect(String((answer as Error).message)).toMatch(/Open the SubscribeURL/);
    for (const url of read) expect(new URL(url).hostname).toBe('sns.us-west-2.amazonaws.com');
  });
});

it('confirms no topic that is not listed, and reads nothing for it', async () => {
  const { read, kept } = await post(message(), []);
  expect([read, kept]).toEqual([[], [{ kind: 'posted', body: expect.any(String) as string }]]);
});

it('keeps the end of a subscription as a dead letter', async () => {
  const { read, answer } = await post(message({ Type: 'UnsubscribeConfirmation' }));
  expect([read, String((answer as Error).message)]).toEqual([[], expect.stringMatching(/no longer come/)]);
});
