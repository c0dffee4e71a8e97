/** The store contract: what the client promises the engine, whatever server is behind it. */
import { afterAll, beforeAll, describe } from 'vitest';
import { copying } from './copying.ts';
import { deleting } from './deleting.ts';
import { failing } from './failing.ts';
import { keys } from './keys.ts';
import { listing } from './listing.ts';
import { looking } from './looking.ts';
import { parts } from './parts.ts';
import { refusing } from './refusing.ts';
import { tagging } from './tagging.ts';
import { unique, type Description, type Stage, type Target } from './target.ts';
import { versions } from './versions.ts';

/** One group of tests; reads the stage inside its tests only, for it is empty before. */
export type Group = (stage: Stage) => void;

const groups: Record<string, Group> = {
  'looking at objects': looking,
  'every key': keys,
  CopyObject: copying,
  'copies by parts': parts,
  'refusals of a copy by parts': refusing,
  'tags and ACLs': tagging,
  deleting,
  listing,
  versions,
  'errors and the clock': failing,
};

/** Runs the contract on a server. Its bucket names are new, so the server may be shared. */
export function storeContract(description: Description, make: () => Promise<Target>): void {
  describe(`store contract on ${description.name}`, () => {
    const stage = { ...description } as Stage;
    beforeAll(async () => {
      Object.assign(stage, await make());
      stage.store = stage.connect(stage.owner);
      stage.bucket = unique('contract');
      stage.otherBucket = unique('other');
      for (const bucket of [stage.bucket, stage.otherBucket]) await stage.store.createBucket(bucket);
    }, 180_000);
    afterAll(() => stage.close());

    for (const [name, group] of Object.entries(groups)) describe(name, () => group(stage));
  });
}
