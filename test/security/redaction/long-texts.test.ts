/** Texts that a sender chooses reach the log: as long as the sender likes, and made to keep a pattern busy. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { humanLog, jsonLog, redact } from '../../../lib/log.ts';

const million = 1_000_000;
const longestLogged = 2_048;
/** Room for the words that say what was cut. */
const longest = longestLogged + 64;

/** Each makes some part of the patterns begin again and again. */
const units = [
  'signature',
  'secret-',
  'secret ',
  'Bearer\n',
  'AWS4-HMAC-',
  'password:"',
  'a',
  '\\"',
  '= ',
  'security-token\t',
];
const hostile = units.map((unit) => unit.repeat(million / unit.length));

afterEach(() => vi.restoreAllMocks());

describe('a field of a million characters', () => {
  it.each(hostile)('is cut before any pattern sees it (case %#)', (text) => {
    const seen: number[] = [];
    const { replace } = String.prototype;
    vi.spyOn(String.prototype, 'replace').mockImplementation(function (this: string, ...args: unknown[]) {
      seen.push(this.length);
      return Reflect.apply(replace, this, args) as string;
    });
    const lines: string[] = [];
    for (const make of [jsonLog, humanLog]) {
      make({ write: (line) => lines.push(line) }).warn(text, { event: text });
    }
    vi.restoreAllMocks();
    expect(seen.length).toBeGreaterThan(0);
    expect(Math.max(...seen.filter((length) => length > 4 * longest))).toBe(-Infinity);
    // A control character takes six when it is escaped.
    for (const line of lines) expect(line.length).toBeLessThan(2 * 6 * longest + 200);
  });

  it('tells how long it was and keeps its start', () => {
    const { event } = redact({ event: `id-${'x'.repeat(million)}` });
    expect(event).toMatch(/^id-x+\.\.\. \(1000003 characters\)$/);
    expect(String(event).length).toBeLessThanOrEqual(longest);
  });

  it('gives no secret away at the place of the cut, wherever that is', () => {
    for (let before = longestLogged - 80; before <= longestLogged; before += 1) {
      const text = `${'.'.repeat(before)} https://s3/k?X-Amz-Signature=hunter2hunter2hunter2hunter2&x=1`;
      expect(redact({ error: text }).error).not.toContain('hunter');
    }
  });

  it('is not cut in the middle of a character', () => {
    for (const shift of ['', 'x']) {
      const { event } = redact({ event: shift + '😀'.repeat(million / 2) });
      expect(String(event).slice(0, 20)).toBe((shift + '😀'.repeat(20)).slice(0, 20));
      expect(String(event).isWellFormed() || String(event).includes('\ufffd')).toBe(true);
      expect(JSON.parse(JSON.stringify(event))).toBe(event);
    }
  });
});

describe('the pattern that looks for secrets', () => {
  // What a name is made of is taken from its first letter only; were each letter of a run a new start, these would be found twice.
  it.each([
    ['my-secret-thing=hunter2', 'my-secret-thing=[hidden]'],
    ['secretsecretsecret=hunter2', 'secretsecretsecret=[hidden]'],
    ['x.secret = "hunter2" y', 'x.secret = "[hidden]" y'],
    ['nothing-of-the-kind=value', 'nothing-of-the-kind=value'],
    ['secret  is no assignment', 'secret  is no assignment'],
    ['https://h/k?a=1&Signature=hunter2', 'https://h/k?a=1&Signature=[hidden]'],
  ])('reads %s', (text, expected) => {
    expect(redact({ error: text }).error).toBe(expected);
  });
});
