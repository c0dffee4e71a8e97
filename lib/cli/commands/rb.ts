import { GiveUp } from '../../copy/model/errors.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';
import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { parseBucketUrl } from '../input/urls.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit } from '../process/exit.ts';
import { printLine } from '../process/io.ts';
import { withSession } from '../run/session.ts';
import { paintFor } from '../text/paint.ts';

type RbFlags = StoreFlags & OutputFlags;

export const defineRb: DefineCommand = (program, context) => {
  const command = program
    .command('rb')
    .description(
      'Removes a bucket. The store refuses while anything is in it: objects, old versions, unfinished uploads.',
    )
    .argument('<url>', 'oss://bucket or s3://bucket');
  addStoreOptions(addOutputOptions(command, 'one JSON document')).action(async (text: string, flags: RbFlags) => {
    const { io } = context;
    const { scheme, bucket } = parseBucketUrl(text);
    context.code = await withSession(
      io,
      flags,
      async (session) => {
        await session
          .client(scheme)
          .deleteBucket(bucket)
          .catch((error: unknown) => {
            throw asNotEmpty(error, `${scheme}://${bucket}`);
          });
        if (flags.json)
          await printLine(io.stdout, visibleJson({ status: 'removed', bucket, url: `${scheme}://${bucket}` }));
        else if (!flags.quiet)
          await printLine(
            io.stdout,
            `${paintFor(io.stdout, io.env)('green', '✓')} removed bucket ${scheme}://${bucket}`,
          );
        return exit.done;
      },
      { looks: 'stores' },
    );
  });
};

function asNotEmpty(error: unknown, url: string): unknown {
  if (!(error instanceof GiveUp) || error.answer?.code !== 'BucketNotEmpty') return error;
  return new GiveUp(
    'BadRequest',
    `${url} is not empty, and ferry removes only empty buckets: \`ferry ls ${url}/ -r --versions\` shows what is in it, unfinished uploads apart.`,
    { answer: error.answer },
  );
}
