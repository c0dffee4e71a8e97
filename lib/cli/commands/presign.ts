import { InvalidArgumentError, Option } from 'commander';
import { present } from '../../copy/model/omit-undefined.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';
import { addStoreOptions, type StoreFlags } from '../input/options.ts';
import { parseObjectUrl } from '../input/urls.ts';
import { parseDuration } from '../input/when.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit } from '../process/exit.ts';
import { printLine } from '../process/io.ts';
import { withSession } from '../run/session.ts';

interface PresignFlags extends StoreFlags {
  expiresIn?: number;
  expire?: number;
  method: 'GET' | 'PUT' | 'HEAD' | 'DELETE';
  versionId?: string;
  json?: boolean;
}

const longest = 604_800;
const usual = 3_600;

function parseExpiry(text: string): number {
  const seconds = Math.floor(parseDuration(text));
  if (seconds < 1 || seconds > longest)
    throw new InvalidArgumentError('Write 1 s to 7d, the longest that stores take.');
  return seconds;
}

export const definePresign: DefineCommand = (program, context) => {
  const command = program
    .command('presign')
    .description(
      'Prints a URL that carries its own signature: until it expires, its holder may do the one thing that it was made for, with the rights of your keys. Asks no store, so the object need not be there.',
    )
    .argument('<url>', 'oss://bucket/key or s3://bucket/key')
    .option('--expires-in <time>', 'seconds, or 15m, 12h, 7d at most (default 1h)', parseExpiry)
    .addOption(new Option('--expire <time>').argParser(parseExpiry).hideHelp())
    .addOption(
      new Option('--method <name>', 'what its holder may do').choices(['GET', 'PUT', 'HEAD', 'DELETE']).default('GET'),
    )
    .option('--version-id <id>', 'this version')
    .optionsGroup('Output:')
    .option('--json', 'one JSON document');
  addStoreOptions(command).action(async (text: string, flags: PresignFlags) => {
    const { io } = context;
    const { scheme, bucket, key } = parseObjectUrl(text);
    context.code = await withSession(
      io,
      flags,
      async (session) => {
        const expires = flags.expiresIn ?? flags.expire ?? usual;
        const expiresAt = new Date(Date.now() + expires * 1000).toISOString();
        const object = present({ bucket, key, versionId: flags.versionId });
        const url = await session.client(scheme).presign(flags.method, object, expires);
        await printLine(io.stdout, flags.json ? visibleJson({ url, method: flags.method, expiresAt }) : url);
        return exit.done;
      },
      { looks: 'stores' },
    );
  });
};
