import { loadConfig } from '../../config/load.ts';
import { addStoreOptions, type StoreFlags } from '../input/options.ts';
import { formatUrl, type StoreUrl } from '../input/urls.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit } from '../process/exit.ts';
import { printLine, type Io } from '../process/io.ts';
import { configOptions, withSession, type Session } from '../run/session.ts';

/** Told for one Tab. */
const mostShown = 200;

/** Hidden: what a URL may go on with, one a line. The shell shows no error at a Tab: where the store does not answer, there is nothing. */
export const defineComplete: DefineCommand = (program, context) => {
  const command = program.command('__complete', { hidden: true }).argument('[word]');
  addStoreOptions(command).action(async (word: string | undefined, flags: StoreFlags) => {
    context.code = await complete(context.io, word ?? '', flags).catch(() => exit.failed);
  });
};

async function complete(io: Io, word: string, flags: StoreFlags): Promise<number> {
  const [, scheme, bucket = '', slash, key = ''] = /^(oss|s3):\/\/([^/]*)(\/?)([^]*)$/.exec(word) ?? [];
  if (scheme !== 'oss' && scheme !== 's3') return exit.done;
  const config = await loadConfig(io.env, configOptions(io, flags));
  return await withSession(
    io,
    flags,
    async (session) => {
      const found =
        slash === '' ? await buckets(session, scheme, bucket) : await keys(session, { scheme, bucket, key });
      for (const one of found.slice(0, mostShown)) await printLine(io.stdout, one);
      return exit.done;
    },
    { looks: 'stores', config: { ...config, logLevel: 'error' }, mutes: /./ },
  );
}

async function buckets(session: Session, scheme: StoreUrl['scheme'], begin: string): Promise<string[]> {
  const all = await session.client(scheme).listBuckets();
  return all.filter(({ name }) => name.startsWith(begin)).map(({ name }) => `${scheme}://${name}/`);
}

/** One level: folders and keys that begin so. A name with a line break cannot be told. */
async function keys(session: Session, { scheme, bucket, key }: Omit<StoreUrl, 'bare'>): Promise<string[]> {
  const { contents, commonPrefixes } = await session
    .client(scheme)
    .listObjects(bucket, { prefix: key, delimiter: '/', limit: mostShown });
  const names = [...commonPrefixes, ...contents.map((object) => object.key)].filter((name) => !/[\r\n]/.test(name));
  return names.sort().map((name) => formatUrl({ scheme, bucket, key: name }));
}
