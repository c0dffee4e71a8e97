import { describe, expect, it } from 'vitest';
import type { PrefixCommand } from '../../../lib/cli/input/prefix-command.ts';
import { copyPrefix, type ListedPage, type PrefixWork } from '../../../lib/cli/run/prefix-objects.ts';
import { GiveUp, RetryLater } from '../../../lib/copy/model/errors.ts';
import type { CopyRequest } from '../../../lib/copy/model/request.ts';
import type { CopyResult } from '../../../lib/copy/model/result.ts';

const command: PrefixCommand = {
  mode: 'copy',
  store: { scheme: 'oss' },
  source: { bucket: 'a', prefix: 'logs/' },
  destination: { bucket: 'b', prefix: 'old/' },
  options: {},
  objects: 4,
};
const direct = (size: number): CopyResult => ({ way: 'direct', size, etag: 'E', verifiedBy: 'crc64', lost: [] });

/** Two objects a page. */
async function* listing(keys: Iterable<string>): AsyncGenerator<ListedPage> {
  const all = [...keys].map((key) => ({ key, size: 10 }));
  for (let at = 0; at < all.length; at += 2) yield { objects: all.slice(at, at + 2), last: at + 2 >= all.length };
}

function setup(keys: Iterable<string>, change: Partial<PrefixWork> = {}) {
  const requests: CopyRequest[] = [];
  const outcomes: string[] = [];
  const work: PrefixWork = {
    list: () => listing(keys),
    async copy(request) {
      requests.push(request);
      return direct(10);
    },
    isThere: async () => false,
    ...change,
  };
  const events = {
    onObject(request: CopyRequest, { error }: { error?: unknown }) {
      outcomes.push(`${request.source.key} ${error instanceof Error ? error.message : 'done'}`);
    },
    onProgress() {},
  };
  return { work, events, requests, outcomes };
}

const gone = new GiveUp('NotFound', 'gone');
const exists = new GiveUp('DestinationExists', 'exists');
const failing = (error: Error) => async (): Promise<CopyResult> => Promise.reject(error);

describe('copyPrefix', () => {
  it('keeps the names below the prefix, and applies the patterns to them', async () => {
    const { work, events, requests } = setup(['logs/a.log', 'logs/x/b.log', 'logs/', 'logs/c.tmp']);
    const tally = await copyPrefix({ ...command, exclude: ['*.tmp'] }, work, events);
    expect(requests.map((request) => request.destination)).toEqual([
      { bucket: 'b', key: 'old/a.log' },
      { bucket: 'b', key: 'old/x/b.log' },
      { bucket: 'b', key: 'old/' },
    ]);
    expect(tally.counts()).toEqual({ found: 3, done: 3, unchanged: 0, bytes: 30, failed: 0 });
    expect(tally.exitCode()).toBe(0);
  });

  it('knows all there is as soon as the last page is there', async () => {
    const { work } = setup(['logs/1', 'logs/2', 'logs/3']);
    const known: [found: number, listed: boolean][] = [];
    const onProgress = (tally: { found: number; listed: boolean }) => known.push([tally.found, tally.listed]);
    await copyPrefix({ ...command, objects: 1 }, work, { onObject() {}, onProgress });
    expect(known).toEqual([
      [2, false],
      [2, false],
      [3, true],
    ]);
  });

  it('goes on after failures and counts them by class', async () => {
    const { work, events, outcomes } = setup(['logs/1', 'logs/2', 'logs/3'], {
      copy: async (request) => (request.source.key === 'logs/2' ? failing(gone)() : direct(10)),
    });
    const tally = await copyPrefix(command, work, events);
    expect(outcomes.sort()).toEqual(['logs/1 done', 'logs/2 gone', 'logs/3 done']);
    expect(tally.exitCode()).toBe(3);
    expect(tally.text(1)).toBe('2 objects, 20 B in 1.0 s (20 B/s); 1 failed (1 NotFound)');
  });

  it('fails when nothing could be copied', async () => {
    const { work, events } = setup(['logs/1', 'logs/2'], { copy: failing(gone) });
    expect((await copyPrefix(command, work, events)).exitCode()).toBe(1);
  });

  it('pulls the listing no faster than it copies', async () => {
    let pulled = 0;
    let copying = 0;
    let most = 0;
    async function* endless(): AsyncGenerator<ListedPage> {
      for (; pulled < 500; pulled++) yield { objects: [{ key: `logs/${pulled}`, size: 1 }], last: false };
    }
    let copied = 0;
    const { work, events } = setup([], {
      list: endless,
      async copy() {
        most = Math.max(most, ++copying);
        expect(pulled - copied).toBeLessThanOrEqual(command.objects + 1);
        await new Promise((resolve) => setImmediate(resolve));
        copying--;
        copied++;
        return direct(1);
      },
    });
    expect((await copyPrefix(command, work, events)).done).toBe(500);
    expect(most).toBe(command.objects);
  });

  it('throws what the listing throws, after what was started has ended', async () => {
    const { work, events, outcomes } = setup([], {
      async *list() {
        yield { objects: [{ key: 'logs/1', size: 1 }], last: false };
        throw new RetryLater('no answer');
      },
    });
    await expect(copyPrefix(command, work, events)).rejects.toThrow('no answer');
    expect(outcomes).toEqual(['logs/1 done']);
  });

  it('stops pulling when told to, and calls nothing failed that was only interrupted', async () => {
    const stop = new AbortController();
    const { work, events, outcomes } = setup(
      Array.from({ length: 100 }, (_, index) => `logs/${index}`),
      {
        signal: stop.signal,
        async copy(request) {
          if (request.source.key === 'logs/9') stop.abort();
          if (stop.signal.aborted) throw stop.signal.reason;
          return direct(1);
        },
      },
    );
    const tally = await copyPrefix(command, work, events);
    expect(tally.failed).toBe(0);
    expect(outcomes).toHaveLength(tally.done);
    expect(tally.found).toBeLessThan(20);
  });

  it('refuses to copy upwards onto a name that is still to be copied', async () => {
    const { work, events, requests, outcomes } = setup(['d/e/1', 'd/e/e/1']);
    const upwards = { ...command, source: { bucket: 'a', prefix: 'd/e/' }, destination: { bucket: 'a', prefix: 'd/' } };
    const tally = await copyPrefix(upwards, work, events);
    expect(requests.map((request) => request.destination.key)).toEqual(['d/1']);
    expect(outcomes[1]).toMatch(/oss:\/\/a\/d\/e\/e\/1 was not copied: its destination oss:\/\/a\/d\/e\/1 lies inside/);
    expect(tally.exitCode()).toBe(3);
  });
});

describe('copyPrefix a second time', () => {
  const overwriteOf = async (change: Partial<PrefixCommand>, resumed: boolean) => {
    const { work, events, requests } = setup(['logs/1']);
    await copyPrefix({ ...command, ...change }, work, events, resumed);
    return requests[0]?.options.overwrite;
  };

  it('writes only what differs, unless the command never overwrites anyway', async () => {
    expect(await overwriteOf({}, false)).toBeUndefined();
    expect(await overwriteOf({}, true)).toBe('if-different');
    expect(await overwriteOf({ options: { overwrite: 'always' } }, true)).toBe('if-different');
    expect(await overwriteOf({ options: { overwrite: 'never' } }, true)).toBe('never');
    expect(await overwriteOf({ mode: 'rename' }, true)).toBe('if-different');
  });

  it('ends a move whose destination was already written, so that the source goes too', async () => {
    const { work, events, requests } = setup(['logs/1'], { isThere: async () => true });
    const copy = work.copy;
    work.copy = async (request, onBytes) => {
      if (request.options.overwrite === 'never') throw exists;
      return copy(request, onBytes);
    };
    const tally = await copyPrefix({ ...command, mode: 'rename', options: { overwrite: 'never' } }, work, events, true);
    expect(tally.exitCode()).toBe(0);
    expect(requests.map((request) => request.options.overwrite)).toEqual(['if-different']);
  });

  it.each([
    ['a moved object', 'rename', gone, true, 0],
    ['a lost object', 'rename', gone, false, 1],
    ['a missing source of a copy', 'copy', gone, true, 1],
    ['what the first run wrote', 'copy', exists, true, 0],
    ["another writer's object", 'copy', exists, false, 1],
  ] as const)('judges %s', async (_name, mode, error, there, code) => {
    const { work, events } = setup(['logs/1'], { copy: failing(error), isThere: async () => there });
    expect((await copyPrefix({ ...command, mode }, work, events, true)).exitCode()).toBe(code);
    expect((await copyPrefix({ ...command, mode }, work, events, false)).exitCode()).toBe(1);
  });
});
