/**
 * The differential test of fidelity: objects with some of everything are copied in every way there is, and each header,
 * tag, grant, checksum and byte of the result that differs must be named by the result, and by the plan before it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unique } from '../store/target.ts';
import type { Facts } from './facets.ts';
import { judge, summary, type Case } from './judge.ts';
import { eachOf, lookAt, type Place } from './look.ts';
import { drawObjects, type Spec } from './objects.ts';
import { put } from './put.ts';
import { environment, runHere, type Document, type Run } from './run.ts';
import { ask } from './wire.ts';
import { commandLine, planLine, wantedOf, waysOf, type Way } from './ways.ts';

export interface Setting {
  name: string;
  /** Known before any server runs; the rest comes with `open`. */
  scheme: Place['server']['scheme'];
  quirks: Place['quirks'];
  open(): Promise<Omit<Place, 'quirks'> & { close(): Promise<void> }>;
  objects: number;
  seed: number;
  /** Runs what concerns many objects; absent: in this process, as what concerns one always does. */
  runMany?: (env: Record<string, string>) => Run;
}

export function fidelityContract(setting: Setting): void {
  describe(`fidelity on ${setting.name}, seed ${setting.seed}`, () => {
    let [home, close] = ['', async (): Promise<void> => {}];
    let place: Place;
    let specs: Spec[] = [];
    let [runOne, runMany]: [Run, Run] = [runHere({}), runHere({})];
    /** The sources that stay, and what is known of them. */
    let sources: { bucket: string; facts: Map<string, Facts> };

    beforeAll(async () => {
      home = await mkdtemp(join(tmpdir(), 'ferry-differential-'));
      const { close: closeServer, ...opened } = await setting.open();
      close = closeServer;
      place = { ...opened, quirks: setting.quirks };
      const env = environment(place.server, home);
      runOne = runHere(env);
      runMany = setting.runMany?.(env) ?? runOne;
      specs = drawObjects(place, setting.seed, setting.objects);
      sources = await filled();
    });
    afterAll(async () => {
      await close();
      await rm(home, { recursive: true, force: true });
    });

    async function newBucket(): Promise<string> {
      const bucket = unique('fidelity');
      await ask(place.server, { method: 'PUT', bucket });
      return bucket;
    }

    async function filled(): Promise<typeof sources> {
      const bucket = await newBucket();
      await eachOf(specs, 3, async (spec) => void (await put(place.server, bucket, spec)));
      return {
        bucket,
        facts: await lookAt(
          place,
          bucket,
          specs.map(({ key }) => key),
        ),
      };
    }

    const url = (bucket: string, key = ''): string => `${setting.scheme}://${bucket}/${key}`;

    /** What the command says about each object, by key. */
    async function reportsOf(way: Way, from: string, to: string): Promise<Map<string, Document>> {
      const reports = new Map<string, Document>();
      if (way.command === 'meta') {
        await eachOf(specs, 4, async ({ key }) => {
          const { documents } = await runOne(...commandLine(way, url(from, key)));
          if (documents[0]) reports.set(key, documents[0]);
        });
        return reports;
      }
      const ran = await runMany(...commandLine(way, url(from), url(to)));
      const [{ id } = {}] = ran.documents;
      const { documents } = way.command === 'batch run' ? await runMany('batch', 'report', id ?? ran.text) : ran;
      for (const one of documents) reports.set(one.key ?? (one.source ?? '').slice(url(from).length), one);
      return reports;
    }

    it.each(waysOf({ server: { scheme: setting.scheme } as Place['server'], quirks: setting.quirks }))(
      'names whatever $name does not keep, before and after, and nothing else',
      async (way) => {
        const { bucket: from, facts } = way.single === 'cp' ? sources : await filled();
        const to = way.single === 'meta' ? from : await newBucket();
        const plans = new Map<string, Document>();
        await eachOf(specs, 4, async ({ key }) => {
          const { documents } = await runOne(...planLine(way, url(from, key), url(to, key)));
          if (documents[0]) plans.set(key, documents[0]);
        });
        const reports = await reportsOf(way, from, to);
        const found = await lookAt(place, to, [...facts.keys()]);
        const cases = [...facts].map(([key, source]): Case => {
          const wanted = wantedOf(source, way.asked);
          return { key, wanted, found: found.get(key)!, report: reports.get(key), plan: plans.get(key) };
        });
        expect(cases).toHaveLength(setting.objects);
        expect(summary(cases.flatMap(judge))).toEqual([]);
      },
    );
  });
}
