import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { isSignedBy, readClaim, sign, toleranceMs } from '../../../lib/api/callers/signature.ts';
import { secrets, start } from './fakes.ts';

const payload = JSON.stringify({ key: 'ünï / code' });

/** The public package checks against the real clock. */
const now = Date.now();

describe('signature', () => {
  it('is accepted by the public standardwebhooks package', () => {
    const headers = sign([secrets.media], 'msg_1', now, payload);
    expect(new Webhook(secrets.media).verify(payload, { ...headers })).toEqual({ key: 'ünï / code' });
  });

  it('accepts what the public standardwebhooks package signs', () => {
    const at = new Date(start);
    const signature = new Webhook(secrets.media).sign('msg_2', at, payload);
    const headers = {
      'webhook-id': 'msg_2',
      'webhook-timestamp': String(start / 1000),
      'webhook-signature': signature,
    };
    expect(isSignedBy([secrets.media], readClaim(headers, start), payload)).toBe(true);
  });

  it('of two secrets is accepted by who knows either one', () => {
    const headers = sign([secrets.media, secrets.old], 'msg_3', now, payload);
    for (const secret of [secrets.media, secrets.old]) {
      expect(new Webhook(secret).verify(payload, { ...headers })).toBeTruthy();
      expect(isSignedBy([secret], readClaim({ ...headers }, now), payload)).toBe(true);
    }
    expect(isSignedBy([secrets.stranger], readClaim({ ...headers }, now), payload)).toBe(false);
  });

  it.each([
    ['the body', { payload: `${payload} ` }],
    ['the id', { id: 'msg_5' }],
    ['the time', { now: start + 1000 }],
  ])('does not fit when %s is another', (_what, other) => {
    const made = { id: 'msg_4', now: start, payload };
    const { 'webhook-signature': signature } = sign([secrets.media], made.id, made.now, made.payload);
    const told = { ...made, ...other };
    const claim = readClaim({ ...sign([], told.id, told.now, told.payload), 'webhook-signature': signature }, start);
    expect(isSignedBy([secrets.media], claim, told.payload)).toBe(false);
  });

  it('is good for five minutes around its time', () => {
    const headers = { ...sign([secrets.media], 'msg_6', start, payload) };
    expect(readClaim(headers, start + toleranceMs).id).toBe('msg_6');
    expect(readClaim(headers, start - toleranceMs).id).toBe('msg_6');
    expect(() => readClaim(headers, start + toleranceMs + 1000)).toThrow('too old');
    expect(() => readClaim(headers, start - toleranceMs - 1000)).toThrow('future');
  });

  it.each([
    ['an id with a dot, which could move the borders of the signed text', { 'webhook-id': 'a.1' }],
    ['no id', { 'webhook-id': undefined }],
    ['a time that is no number', { 'webhook-timestamp': '17e8' }],
    ['a signature of another version only', { 'webhook-signature': 'v1a,AAAA' }],
  ])('refuses %s', (_what, change) => {
    const headers = { ...sign([secrets.media], 'msg_7', start, payload), ...change };
    expect(() => readClaim(headers, start)).toThrow(/webhook-/);
  });
});
