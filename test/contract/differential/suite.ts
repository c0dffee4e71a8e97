/**
 * The differential test of fidelity: objects with some of everything are copied in every way there is, and each header,
 * tag, grant, checksum and byte of the result that differs must be named by the result, by the plan before it, and by
 * `batch verify` after it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differences, type Facts } from './facets.ts';
import { judge, judgeVerdict, summary, type Case } from './judge.ts';
import { look, lookAt, type Place } from './look.ts';
import { drawObjects, withLock, type Spec } from './objects.ts';
import type { Document } from './run.ts';
import { put } from './put.ts';
import { openStage, type Filled, type Setting, type Stage } from './stage.ts';
import { tamperedPairs } from './tampered.ts';
import { lockedWays, wantedOf, waysOf, type Way } from './ways.ts';

export function fidelityContract(setting: Setting): void {
  const { scheme, quirks, objects, singly, seed, smallestPart } = setting;
  /** Enough to know what the store can do. */
  const described = { server: { scheme }, quirks } as Place;

  describe(`fidelity on ${setting.name}, seed ${seed}`, () => {
    let stage: Stage;
    let specs: Spec[];
    /** The sources that stay. */
    let sources: Filled;
    beforeAll(async () => {
      stage = await openStage(setting);
      specs = drawObjects(stage.place, seed, objects, smallestPart);
      sources = await stage.fill(specs);
    });
    afterAll(() => stage?.close());

    const casesOf = async (
      facts: Map<string, Facts>,
      to: string,
      reports: Map<string, Case['report']>,
      asked: Way['asked'] = {},
    ): Promise<Case[]> => {
      const found = await lookAt(stage.place, to, [...facts.keys()]);
      return [...facts].map(([key, source]) => {
        return { key, wanted: wantedOf(source, asked), found: found.get(key)!, report: reports.get(key) };
      });
    };

    /**
     * What would lose something is refused, and the source is as it was. Asked once more it is done, and `reports` tells how.
     * Returns what is wrong with the refusals.
     */
    async function insist(way: Way, from: Filled, to: string, reports: Map<string, Document>): Promise<string[]> {
      const refused = [...reports].filter(([, { error }]) => error?.code === 'WouldLose').map(([key]) => key);
      if (refused.length === 0) return [];
      const there = await lookAt(stage.place, from.bucket, refused);
      const changed = refused.filter((key) => differences(from.facts.get(key)!, there.get(key)!).size > 0);
      // A rename that found the loss after its write has left the copy.
      const replacing = way.single === 'mv' ? ['--overwrite', 'always'] : [];
      const again = { ...way, flags: [...way.flags, '--accept-loss', ...replacing] };
      const accepted = await stage.reports(again, refused, from.bucket, to);
      for (const [key, report] of accepted) reports.set(key, report);
      const needless = refused.filter((key) => reports.get(key)?.lost?.length === 0);
      return [
        ...changed.map((key) => `refused, and the source changed all the same: ${key}`),
        ...needless.map((key) => `refused, and nothing was lost: ${key}`),
      ];
    }

    it.each(waysOf(described))(
      'names all that $name does not keep, before, after and in a comparison, and nothing else',
      async (way) => {
        const chosen = way.command === 'meta' ? specs.slice(0, singly) : specs;
        const { bucket: from, facts } = way.single === 'cp' ? sources : await stage.fill(chosen);
        const to = way.single === 'meta' ? from : await stage.newBucket();
        const keys = [...facts.keys()];
        const plans = await stage.plans(way, keys.slice(0, singly), from, to);
        const reports = await stage.reports(way, keys, from, to);
        const findings = way.single === 'cp' ? [] : await insist(way, { bucket: from, facts }, to, reports);
        const cases = await casesOf(facts, to, reports, way.asked);
        expect(cases).toHaveLength(chosen.length);
        findings.push(
          ...summary(
            cases.flatMap((one) => judge({ ...one, plan: plans.get(one.key), unforeseen: quirks.losesUnforeseen })),
          ),
        );
        if (way.single === 'cp' && Object.keys(way.asked).length === 0) {
          const verdicts = await casesOf(facts, to, await stage.verdicts(from, to));
          findings.push(...summary(verdicts.flatMap(judgeVerdict)).map((line) => `by batch verify, ${line}`));
        }
        expect(findings).toEqual([]);
      },
    );

    it.each(lockedWays(described))(
      'names all that $name of locked objects to a $kind bucket does not keep, and nothing else',
      async ({ kind, ...way }) => {
        const until = new Date(Date.now() + 3_600_000);
        const locked = specs.slice(0, 9).map((spec, n) => withLock(spec, n, until));
        const { bucket: from, facts } = await stage.fill(locked, 'locking');
        const to = await stage.newBucket(kind);
        const reports = await stage.reports(way, [], from, to);
        const findings = way.single === 'cp' ? [] : await insist(way, { bucket: from, facts }, to, reports);
        const cases = await casesOf(facts, to, reports);
        const lost = [...reports.values()].flatMap((report) => report.lost ?? []).map(({ what }) => what);
        expect(lost.includes('legal-hold')).toBe(kind === 'plain');
        expect([...findings, ...summary(cases.flatMap(judge))]).toEqual([]);
      },
    );

    it('finds by batch verify what is wrong with copies that another hand has changed', async () => {
      const pairs = tamperedPairs(stage.place, smallestPart);
      const { bucket: from, facts } = await stage.fill(pairs.map(({ source }) => source));
      const { bucket: to } = await stage.fill(pairs.map(({ copy }) => copy));
      const cases = await casesOf(facts, to, await stage.verdicts(from, to));
      const deep = await casesOf(facts, to, await stage.verdicts(from, to, '--deep'));
      const different = cases.filter(({ wanted, found }) => differences(wanted, found).size > 0);
      expect(different.length).toBeGreaterThan(10);
      expect(summary(cases.flatMap(judgeVerdict))).toEqual([]);
      expect(summary(deep.flatMap(judgeVerdict))).toEqual([]);
      expect(deep.filter(({ report }) => report?.status === 'undecided')).toEqual([]);
    });

    it.each(['cp', 'mv'] as const)(
      'leaves alone by %s --if-different only copies that are the same',
      async (single) => {
        const pairs = tamperedPairs(stage.place, smallestPart);
        const { bucket: from, facts } = await stage.fill(pairs.map(({ source }) => source));
        const { bucket: to } = await stage.fill(pairs.map(({ copy }) => copy));
        const way: Way = { name: '', command: single, single, flags: ['--if-different'], asked: {} };
        const reports = await stage.reports(way, [], from, to);
        const cases = await casesOf(facts, to, reports);
        // A move never replaces what differs: it leaves both.
        const isKept = ({ report }: Case) => single === 'mv' && report?.error?.code === 'DestinationExists';
        const kept = cases.filter(isKept);
        const there = await lookAt(
          stage.place,
          from,
          kept.map(({ key }) => key),
        );
        const wrong = kept.flatMap(({ key, wanted, found }) => [
          ...(differences(wanted, found).size === 0 ? [`refused, and the copy is the same: ${key}`] : []),
          ...(differences(wanted, there.get(key)!).size > 0 ? [`refused, and the source changed: ${key}`] : []),
        ]);
        expect(kept.length < cases.length).toBe(true);
        expect([...wrong, ...summary(cases.filter((one) => !isKept(one)).flatMap(judge))]).toEqual([]);
      },
    );

    it.each([
      { how: 'by default', flags: [] },
      { how: 'with its ACL', flags: ['--acl', 'keep'] },
    ])('names all that a copy of an old version does not keep $how', async ({ flags }) => {
      const from = await stage.newBucket('versioned');
      const [first, second, third] = specs.filter(({ size }) => size < copyable);
      const cases: Case[] = [];
      for (const spec of [first!, second!, third!]) {
        const version = await put(stage.place.server, from, { ...spec, key: 'k' });
        cases.push({ key: version ?? '', wanted: await look(stage.place, from, 'k', version), found: new Map() });
      }
      const to = await stage.newBucket();
      const judged = [];
      for (const { key: version, wanted } of cases) {
        const places = [stage.url(from, 'k'), stage.url(to, version)];
        const { documents } = await stage.runOne('cp', ...places, '--version-id', version, ...flags, '--json');
        judged.push({ key: version, wanted, found: await look(stage.place, to, version), report: documents[0] });
      }
      expect(new Set(judged.map(({ key }) => key)).size).toBe(3);
      expect(summary(judged.flatMap(judge))).toEqual([]);
    });
  });
}

/** Old versions of larger objects would tell nothing more. */
const copyable = 10 * 1024 * 1024;
