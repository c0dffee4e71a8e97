import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { barLine, openProgress, Speed } from '../../../lib/cli/output/progress.ts';
import { Trouble } from '../../../lib/cli/output/trouble.ts';
import type { Io, TextStream } from '../../../lib/cli/process/io.ts';

const MiB = 1024 * 1024;
const plain = (_colour: string, text: string) => text;

function fakeIo(terminal: boolean): { io: Io; text: () => string } {
  const stream = new PassThrough({ encoding: 'utf8' }) as PassThrough & TextStream;
  if (terminal) Object.assign(stream, { isTTY: true, columns: 100 });
  let text = '';
  stream.on('data', (chunk: string) => (text += chunk));
  return { io: { stdout: stream, stderr: stream, env: {} }, text: () => text };
}

describe('barLine', () => {
  const moment = { bytes: 53 * MiB, total: 86 * MiB, count: '7/11 parts' };

  it.each([40, 60, 80, 100, 200])('fits %i columns', (columns) => {
    const line = barLine('oss://photos/a/very/long/key/name/of/an/object.bin', moment, 27 * MiB, columns, plain);
    expect([...line].length).toBeLessThan(columns);
    expect(line).toContain('61%');
    if (columns >= 60) expect(line).toContain('7/11 parts');
  });

  it.each([40, 60, 80, 100, 200])(
    'fits %i columns with all that a batch tells, the most important first',
    (columns) => {
      const count = '1,204/200,000 objects, 350/s, 9 min 28 s left, 3 failed, 12 retries, throttled 4x';
      const line = barLine('s3://photos/a/', { bytes: 53 * MiB, total: 8_000 * MiB, count }, 27 * MiB, columns, plain);
      expect([...line].length).toBeLessThan(columns);
      if (columns >= 60) expect(line).toContain('1,204/200,000 objects');
      if (columns >= 200) expect(line).toContain('throttled 4x');
    },
  );

  it('shows bar, rate and what is left on a usual terminal', () => {
    expect(barLine('big.bin', moment, 27 * MiB, 100, plain)).toBe(
      'big.bin  ━━━━━━━━━━━━━━──────────  61%  53.0 MiB / 86.0 MiB  7/11 parts  27.0 MiB/s  1.2 s left',
    );
  });

  it('shows no percentage while the total is unknown', () => {
    const line = barLine('logs/', { bytes: 53 * MiB, count: '70 objects' }, undefined, 100, plain);
    expect(line).toBe('logs/  53.0 MiB  70 objects');
  });

  it('calls nothing of nothing complete', () => {
    expect(barLine('empty', { bytes: 0, total: 0, count: '' }, undefined, 100, plain)).toContain('100%');
  });
});

describe('Speed', () => {
  it('looks at the last ten seconds', () => {
    const speed = new Speed();
    expect(speed.perSecond(0)).toBeUndefined();
    speed.add(0, 0);
    speed.add(500, 50);
    expect(speed.perSecond(500)).toBeUndefined();
    expect(speed.perSecond(1000)).toBe(50);
    for (let second = 0; second <= 20; second++) speed.add(second * 1000, second < 10 ? 0 : (second - 10) * 100);
    expect(speed.perSecond(20_000)).toBe(100);
  });
});

describe('openProgress', () => {
  it('writes lines into a pipe, more rarely as time goes by', () => {
    const { io, text } = fakeIo(false);
    let now = 0;
    const progress = openProgress(io, { label: 'big.bin', now: () => now });
    for (; now <= 600_000; now += 1_000) progress.update({ bytes: now * 100, total: 60_000_000, count: '1/2 parts' });
    progress.stop();
    const lines = text().trimEnd().split('\n');
    expect(lines[0]).toBe('big.bin: 0%, 488 KiB / 57.2 MiB, 1/2 parts, 97.7 KiB/s, 9 min 55 s left');
    expect(lines.length).toBeGreaterThan(8);
    expect(lines.length).toBeLessThan(16);
  });

  it('says nothing in a pipe about something short', () => {
    const { io, text } = fakeIo(false);
    let now = 0;
    const progress = openProgress(io, { label: 'x', now: () => now });
    for (; now < 5_000; now += 100) progress.update({ bytes: 1, total: 2, count: '' });
    progress.stop();
    expect(text()).toBe('');
  });

  it('moves no cursor of a dumb terminal, and writes lines there', () => {
    const { io, text } = fakeIo(true);
    io.env = { TERM: 'dumb' };
    let now = 0;
    const progress = openProgress(io, { label: 'big.bin', now: () => now });
    for (; now <= 6_000; now += 1_000) progress.update({ bytes: now, total: 60_000, count: '1/2 parts' });
    progress.log('! a warning');
    progress.stop();
    expect(text()).not.toContain('\u001b');
    expect(text()).toContain('big.bin: 8%');
  });

  it('tells of retries and throttling', () => {
    const { io, text } = fakeIo(false);
    const trouble = new Trouble();
    for (const status of [503, 500, 200]) trouble.note({ attempt: status === 503 ? 1 : 2, status });
    let now = 0;
    const progress = openProgress(io, { label: 'x', now: () => now, trouble: () => trouble.texts() });
    for (; now <= 6_000; now += 1_000) progress.update({ bytes: now, total: 60_000, count: '1/2 parts' });
    expect(text()).toContain('1/2 parts, 2 retries, throttled 1x');
  });

  it('is silent when asked, but not about what is logged', () => {
    const { io, text } = fakeIo(true);
    const progress = openProgress(io, { label: 'x', quiet: true });
    progress.update({ bytes: 1, total: 2, count: '' });
    progress.log('✗ failed');
    progress.stop();
    expect(text()).toBe('✗ failed\n');
  });

  it('leaves a terminal as it was: cursor shown, lines wrapping, logged lines kept', () => {
    const { io, text } = fakeIo(true);
    const progress = openProgress(io, { label: 'x' });
    progress.update({ bytes: 1, total: 2, count: '1/2 parts' });
    progress.log('! a warning');
    progress.stop();
    expect(text()).toContain('! a warning\n');
    expect(text().lastIndexOf('\u001b[?25h')).toBeGreaterThan(text().lastIndexOf('\u001b[?25l'));
    expect(text().lastIndexOf('\u001b[?7h')).toBeGreaterThan(text().lastIndexOf('\u001b[?7l'));
  });
});
