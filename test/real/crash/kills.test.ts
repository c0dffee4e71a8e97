/**
 * The crash matrix. `FERRY_CRASH_POINTS=200 npm run test:real -- test/real/crash` kills 200 processes on Ceph and 50 on
 * Swift; `FERRY_CRASH_SEED` repeats the moments of an earlier run.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { bytes, MiB, unique } from '../../contract/store/target.ts';
import { isSkipped } from '../servers/server.ts';
import { openStage, putLarge, putObject, type Large, type Stage } from '../stage.ts';
import { crash, openUploads, orphanGraceMs, runUndisturbed, type Trial, type Work } from './crash.ts';
import { drawMoments, pointsOn, seed, type Moment } from './points.ts';

/** Every so many trials the whole copy is read. */
const deepEvery = 8;

/** A long matrix says every so many trials how it goes. */
const reportEvery = 20;

const servers = inject('servers').filter(({ kind }) => kind === 'rgw20' || kind === 'swift');

describe.each(servers)('ferry killed on $kind', (server) => {
  if (isSkipped(server)) {
    it.skip(server.why);
    return;
  }
  const points = pointsOn(server.kind === 'swift' ? 'swift' : 'rgw20');
  const copies = Math.ceil(points / 2);
  const renames = Math.ceil(points / 4);
  const minutes = (count: number): number => (5 + count) * 60_000;
  let stage: Stage;
  let states: string;
  let large: Large;
  let small: { etag: string; sha256: string };
  const seedling = { key: 'source of all renames' };

  beforeAll(async () => {
    stage = await openStage(server, { FERRY_ORPHAN_GRACE_MS: String(orphanGraceMs) });
    states = await mkdtemp(join(tmpdir(), 'ferry-crash-'));
    large = await putLarge(stage, { bucket: stage.bucket, key: 'large' }, { parts: 64, partSize: 5 * MiB });
    small = await putObject(stage, { bucket: stage.bucket, ...seedling }, bytes(80 * MiB));
  }, 300_000);
  afterAll(async () => {
    await stage?.close();
    if (states) await rm(states, { recursive: true, force: true });
  });

  const copyOfSmall = async () => {
    const copy = { bucket: stage.bucket, key: unique('to be renamed') };
    const source = { bucket: stage.bucket, ...seedling };
    const how = { metadata: { directive: 'copy' }, tags: 'copy' } as const;
    await stage.store.copyObject({ source, sourceIfMatch: small.etag, destination: copy, ...how });
    return copy;
  };

  const matrix = async (name: string, moments: Moment[], work: Work): Promise<void> => {
    const count = moments.length;
    const usual = await runUndisturbed(work);
    const tally = new Map<string, number>();
    const wrong: string[] = [];
    const report = (done: number): void => {
      const counts = [...tally].map(([word, times]) => `${word} ${times}`).join(', ');
      const line = `${done} of ${count} killed, seed ${seed}; ${counts}; wrong: ${wrong.length}`;
      process.stdout.write(`${server.kind}, ${name}: ${line}\n`);
    };
    for (const [i, moment] of moments.entries()) {
      const number = i + 1;
      const deep = number % deepEvery === 0 || number === count;
      const trial = await crash(work, usual, moment, deep);
      for (const word of words(trial)) tally.set(word, (tally.get(word) ?? 0) + 1);
      wrong.push(...trial.wrong.map((what) => `seed ${seed}, point ${number}, at ${trial.during}: ${what}`));
      if (number % reportEvery === 0 || number === count) report(number);
    }
    expect(wrong).toEqual([]);
    expect(await openUploads(stage)).toBe(0);
  };

  const byParts = ['--part-size', '5MiB', '--concurrency', '4'];

  it(
    `all over ${copies} copies by 64 parts: each is finished, and nothing is left over`,
    async () => {
      const source = () => Promise.resolve(large.ref);
      const moments = [...afterAnswers('Initiate', 'Complete'), ...drawMoments(copies, 1)];
      await matrix('cp by 64 parts', moments, { stage, states, verb: 'cp', flags: byParts, source, ...large });
    },
    minutes(copies),
  );

  it.each([
    ['16 parts', byParts, 2, ['Initiate', 'Complete', 'DELETE']],
    ['one call', [], 3, ['CopyObject', 'DELETE']],
  ])(
    `all over ${renames} renames by %s: each is finished, and no source is lost`,
    async (how, flags, salt, answers) => {
      const { sha256 } = small;
      const moments = [...afterAnswers(...answers), ...drawMoments(renames, salt)];
      await matrix(`mv by ${how}`, moments, { stage, states, verb: 'mv', flags, source: copyOfSmall, sha256 });
    },
    minutes(renames),
  );
});

const afterAnswers = (...kinds: string[]): Moment[] => kinds.map((to) => ({ by: 'answer', to }));

const words = ({ during, ended, swept }: Trial): string[] => [`at ${during}`, ended, ...(swept ? ['swept'] : [])];
