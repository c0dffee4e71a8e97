/**
 * Failures of others as tests of ours. Each is named by its issue, done the naive way and by object-ferry, and judged by one
 * check: it must find the naive way wanting (or it would prove nothing) and pass on ours.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ObjectRef } from '../../../lib/copy/model/object.ts';
import type { Rig } from '../engine/rig.ts';
import { openRig } from '../engine/rig.ts';

export const MiB = 1024 ** 2;
export const source: ObjectRef = { bucket: 'photos', key: 'source' };
export const destination: ObjectRef = { bucket: 'backup', key: 'copy' };

export interface Failure {
  /** Puts the world in the state of the issue. */
  given?: (rig: Rig) => Promise<void> | void;
  /** What every writer writes first. */
  naive: (rig: Rig) => Promise<unknown>;
  ours: (rig: Rig) => Promise<unknown>;
  /** Throws when the outcome is the failure. */
  check: (rig: Rig, outcome: unknown) => Promise<void> | void;
}

type Options = Parameters<typeof openRig>[1];

/** @param issue where it happened, as `owner/repository#number`. */
export function failure(
  scheme: 'oss' | 's3',
  issue: string,
  what: string,
  { given, naive, ours, check }: Failure,
  options?: Options,
): void {
  describe(`${issue}: ${what}`, () => {
    let rig: Rig;
    beforeEach(async () => {
      rig = await openRig(scheme, options);
      await given?.(rig);
    });
    afterEach(() => rig.close());

    const judged = async (way: (rig: Rig) => Promise<unknown>): Promise<void> => check(rig, await way(rig));

    test('the naive way fails', async () => {
      await expect(judged(naive)).rejects.toThrow();
    });

    test('ours does not', async () => {
      await judged(ours);
    });
  });
}

export interface NaiveOptions {
  partSize?: number;
  initiate?: Partial<Parameters<Rig['store']['initiate']>[0]>;
  /** The last byte of a part's range. */
  lastByte?: (first: number, partSize: number, size: number) => number;
}

/** Initiate, parts in order, Complete: no pin, no second look, no metadata unless told. */
export async function naiveParts(rig: Rig, options: NaiveOptions = {}): Promise<void> {
  const { partSize = 5 * MiB, lastByte = (first, length, size) => Math.min(first + length, size) - 1 } = options;
  const { store } = rig;
  const { size } = await store.head(source);
  const call = { destination, content: {}, userMetadata: {}, tags: {}, ...options.initiate };
  const { uploadId } = await store.initiate(call);
  const parts: { number: number; etag: string }[] = [];
  for (let first = 0; first < size || parts.length === 0; first += partSize) {
    const number = parts.length + 1;
    const last = lastByte(first, partSize, size);
    const range = { partNumber: number, first, last, sourceSize: size };
    const { etag } = await store.uploadPartCopy({ source, sourceIfMatch: '', destination, uploadId, ...range });
    parts.push({ number, etag });
  }
  await store.complete({ destination, uploadId, parts });
}

/** By parts of 5 MiB. */
export function inParts(rig: Rig): Promise<unknown> {
  return rig.run({ source, destination, options: { partSize: 5 * MiB } });
}

export function inOneCall(rig: Rig): Promise<unknown> {
  return rig.run({ source, destination });
}
