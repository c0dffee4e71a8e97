import { CopyError, GiveUp, RetryLater } from '../../copy/model/errors.ts';
import type { ObjectRef } from '../../copy/model/object.ts';
import { present } from '../../copy/model/omit-undefined.ts';
import type { StoreClient } from '../../store/calls/client.ts';
import { addOwnKeyOption, addStoreOptions, type KeyFlags, type StoreFlags } from '../input/options.ts';
import { wholeNumber } from '../input/parse.ts';
import { parseObjectUrl } from '../input/urls.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit } from '../process/exit.ts';
import { printBytes, type TextStream } from '../process/io.ts';
import { oneObject } from '../find/pattern.ts';
import { ownKeys } from '../run/customer-keys.ts';
import { withSession } from '../run/session.ts';

interface CatFlags extends StoreFlags, KeyFlags {
  versionId?: string;
  offset?: number;
  count?: number;
}

export const defineCat: DefineCommand = (program, context) => {
  const command = program
    .command('cat')
    .description(
      'Writes the bytes of one object to standard output, which is the one way in which ferry hands data out: redirect it to keep a file.',
    )
    .argument('<url>', 'oss://bucket/key or s3://bucket/key')
    .option('--version-id <id>', 'this version')
    .option('--offset <n>', 'begin at this byte, counted from 0', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--count <n>', 'so many bytes', wholeNumber(1, Number.MAX_SAFE_INTEGER));
  addOwnKeyOption(command);
  addStoreOptions(command.optionsGroup('Store and state:')).action(async (text: string, flags: CatFlags) => {
    const url = parseObjectUrl(text);
    context.code = await withSession(
      context.io,
      flags,
      async (session) => {
        const client = session.client(url.scheme);
        const { bucket, key } = await oneObject(client, url, flags.versionId);
        await write(client, present({ bucket, key, versionId: flags.versionId }), flags, context.io.stdout);
        return exit.done;
      },
      { looks: 'stores', keys: ownKeys(context.io, flags, url.scheme, { bucket: url.bucket, key: '' }) },
    );
  });
};

/** How often a connection that breaks may be taken up again without a byte having come. */
const patience = 3;

/**
 * Bytes of one version: what is read again after a broken connection is pinned to the ETag of the first answer.
 * @throws SourceChanged when the object was replaced midway; GiveUp as GET answers.
 */
async function write(
  client: StoreClient,
  object: ObjectRef,
  { offset = 0, count }: Pick<CatFlags, 'offset' | 'count'>,
  out: TextStream,
): Promise<void> {
  let at = offset;
  let ifMatch: string | undefined;
  let end = count === undefined ? undefined : offset + count;
  for (let stuck = 0; end === undefined || at < end;) {
    const from = at;
    // A range of an empty object is an error of its own.
    const isWhole = at === 0 && count === undefined;
    const range = isWhole ? {} : present({ first: at, last: end === undefined ? undefined : end - 1 });
    const { head, body, length } = await client.getObject(object, present({ ...range, ifMatch }));
    if (length > head.size - at)
      throw new GiveUp('BadAnswer', 'the store sent more than the range that was asked for.');
    ifMatch = head.etag || undefined;
    end = Math.min(end ?? head.size, head.size);
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        await printBytes(out, chunk);
        at += chunk.length;
      }
      if (at < end) throw new RetryLater(`the connection ended at byte ${at} of ${end}.`);
    } catch (error) {
      stuck = at > from ? 0 : stuck + 1;
      // Without an ETag nothing says that the rest is of the same version.
      if (stuck >= patience || ifMatch === undefined) throw asRetryLater(error, at);
    }
  }
}

function asRetryLater(error: unknown, at: number): unknown {
  if (error instanceof CopyError || !(error instanceof Error)) return error;
  return new RetryLater(`the connection broke at byte ${at} (${error.message}).`, { cause: error });
}
