import { dryRun } from '../../copy/dry-run.ts';
import { mayOpenToOthers } from '../../copy/fidelity/private-acls.ts';
import { GiveUp, SourceChanged } from '../../copy/model/errors.ts';
import type { ObjectRef, StoreAddress } from '../../copy/model/object.ts';
import { present } from '../../copy/model/omit-undefined.ts';
import {
  addOutputOptions,
  addOwnKeyOption,
  addStoreOptions,
  type KeyFlags,
  type OutputFlags,
  type StoreFlags,
} from '../input/options.ts';
import { parseObjectUrl } from '../input/urls.ts';
import { leftOutText, lossText } from '../output/result.ts';
import type { DefineCommand } from '../process/context.ts';
import { oneObject } from '../find/pattern.ts';
import { ownKeys } from '../run/customer-keys.ts';
import { withSession, type Session } from '../run/session.ts';
import { showObject, type More } from '../run/show-object.ts';

type StatFlags = StoreFlags & OutputFlags & KeyFlags & { versionId?: string };

export const defineStat: DefineCommand = (program, context) => {
  const command = program
    .command('stat')
    .description(
      'Shows headers, metadata, tags, ACL, lock, encryption and checksums of an object, and what a copy of it inside its bucket would lose. Writes nothing.',
    )
    .argument('<url>', 'oss://bucket/key or s3://bucket/key')
    .option('--version-id <id>', 'this version');
  addStoreOptions(addOutputOptions(addOwnKeyOption(command), 'one JSON document')).action(
    async (text: string, flags: StatFlags) => {
      const url = parseObjectUrl(text);
      const run = async (session: Session): Promise<number> => {
        const { bucket, key } = await oneObject(session.client(url.scheme), url, flags.versionId);
        const object = present({ bucket, key, versionId: flags.versionId });
        return await showObject(session, url.scheme, object, (acl) => lossesOf(session, url.scheme, object, acl));
      };
      // The copy that it tells of would be encrypted like the object.
      const keys = ownKeys(context.io, flags, url.scheme, { bucket: url.bucket, key: '' });
      context.code = await withSession(context.io, flags, run, { looks: 'stores', keys });
    },
  );
};

/** What a copy to another key of the bucket would lose, by the code that copies use before their first write. */
async function lossesOf(
  session: Session,
  scheme: StoreAddress['scheme'],
  source: ObjectRef,
  acl: string | undefined,
): Promise<More> {
  const destination = { bucket: source.bucket, key: source.key === 'a' ? 'b' : 'a' };
  const request = { mode: 'copy' as const, store: session.address(scheme), source, destination, options: {} };
  try {
    const { lost, notKept: leftOut = [] } = await dryRun(session.runtime.world, request);
    // An ACL that a new object has anyway is not missed.
    const notKept = leftOut.filter((what) => what !== 'acl' || acl === undefined || mayOpenToOthers(acl));
    const texts = [...lost.map(lossText), ...(notKept.length > 0 ? [leftOutText(notKept)] : [])];
    return {
      facts: [['a copy loses', texts.join('; ') || 'nothing']],
      document: { copy: { possible: true, lost, notKept } },
    };
  } catch (error) {
    // What makes a copy impossible is an answer here.
    if (!(error instanceof GiveUp) && !(error instanceof SourceChanged)) throw error;
    return {
      facts: [['a copy', `is not possible: ${error.message}`]],
      document: { copy: { possible: false, error: { code: error.code, message: error.message } } },
    };
  }
}
