import { visibleJson } from '../../copy/model/visible-json.ts';
import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { parseBucketUrl } from '../input/urls.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit } from '../process/exit.ts';
import { printLine } from '../process/io.ts';
import { withSession } from '../run/session.ts';
import { paintFor } from '../text/paint.ts';

type MbFlags = StoreFlags & OutputFlags & { acl?: string };

export const defineMb: DefineCommand = (program, context) => {
  const command = program
    .command('mb')
    .description('Creates a bucket in the region of the store (--region). A bucket that is yours already is no error.')
    .argument('<url>', 'oss://bucket or s3://bucket')
    .option('--acl <acl>', 'canned ACL of the bucket, such as private');
  addStoreOptions(addOutputOptions(command, 'one JSON document')).action(async (text: string, flags: MbFlags) => {
    const { io } = context;
    const { scheme, bucket } = parseBucketUrl(text);
    context.code = await withSession(
      io,
      flags,
      async (session) => {
        await session.client(scheme).createBucket(bucket, flags.acl === undefined ? {} : { acl: flags.acl });
        if (flags.json)
          await printLine(io.stdout, visibleJson({ status: 'created', bucket, url: `${scheme}://${bucket}` }));
        else if (!flags.quiet)
          await printLine(
            io.stdout,
            `${paintFor(io.stdout, io.env)('green', '✓')} bucket ${scheme}://${bucket} is there`,
          );
        return exit.done;
      },
      { looks: 'stores' },
    );
  });
};
