import { batchRow } from '../../batch/rows/batch-row.ts';
import type { Scheme } from '../../config/env.ts';
import { loadConfig } from '../../config/load.ts';
import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import { schemesInUse } from '../input/schemes-in-use.ts';
import { parseUrl } from '../input/urls.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit } from '../process/exit.ts';
import type { Io } from '../process/io.ts';
import { configOptions, withSession, type Session } from '../run/session.ts';
import { plural, printable } from '../text/format.ts';
import { paintFor, type Colour } from '../text/paint.ts';
import type { Check } from './doctor-checks.ts';
import { visibleJson } from '../../copy/model/visible-json.ts';

interface DoctorFlags extends StoreFlags, OutputFlags {
  write?: boolean;
}

export const defineDoctor: DefineCommand = (program, context) => {
  const command = program
    .command('doctor')
    .description('Checks everything a copy needs, one line each, and says what to do about what is wrong.')
    .argument('[url]', 'also check this bucket, and the object if one is named')
    .option('--write', 'also try to write: start an upload and abort it');
  addStoreOptions(addOutputOptions(command)).action(async (url: string | undefined, flags: DoctorFlags) => {
    context.code = await examine(context.io, url, flags);
  });
};

async function examine(io: Io, text: string | undefined, flags: DoctorFlags): Promise<number> {
  const url = text === undefined ? undefined : parseUrl(text);
  const config = await loadConfig(io.env, configOptions(io, flags));
  const checks = await import('./doctor-checks.ts');
  let failed = false;
  const report = (found: readonly Check[], scheme?: Scheme) => {
    for (const check of found) {
      failed ||= check.state === 'bad';
      print(io, flags, check, scheme);
    }
  };
  report([await checks.check('state', () => describeState(io, flags))]);
  for (const scheme of url ? [url.scheme] : schemesInUse(io.env, config, flags.profile)) {
    const credentials = await checks.checkCredentials(scheme, config, io.env);
    report([credentials, ...(await checks.checkEndpoint(scheme, config, io.env))], scheme);
    if (!url || credentials.state === 'bad') continue;
    const lookAtBucket = async (session: Session): Promise<number> => {
      const { region } = config.stores[scheme];
      report(await checks.checkBucket(session.client(scheme), url, region, flags.write === true), scheme);
      return exit.done;
    };
    await withSession(io, flags, lookAtBucket, { looks: !flags.write && 'stores' });
  }
  return failed ? exit.failed : exit.done;
}

async function describeState(io: Io, flags: DoctorFlags): Promise<string> {
  let text = '';
  const look = async ({ config, runtime }: Session): Promise<number> => {
    const { jobs } = await runtime.jobs({ states: ['planned', 'copying', 'finishing'], limit: 1_000 });
    const batches = jobs.filter((job) => batchRow(job) !== undefined);
    // The rows of its objects are part of a batch.
    const alone = jobs.filter((job) => batchRow(job) === undefined && job.labels?.['batch'] === undefined);
    const runs = runtime.runs.listUnfinished();
    const found = [
      ...(alone.length > 0 ? [plural(alone.length, 'unfinished job')] : []),
      ...(batches.length > 0 ? [plural(batches.length, 'unfinished batch', 'unfinished batches')] : []),
      ...(runs.length > 0 ? [plural(runs.length, 'interrupted command')] : []),
    ];
    const hint = found.length > 0 ? '; ferry status lists them' : '';
    text = `${config.home} can be used, ${found.join(', ') || 'no unfinished jobs'}${hint}`;
    return exit.done;
  };
  await withSession(io, flags, look, { looks: true });
  return text;
}

const marks: Record<Check['state'], [mark: string, colour: Colour]> = {
  good: ['✓', 'green'],
  bad: ['✗', 'red'],
  skipped: ['-', 'dim'],
};

function print(io: Io, flags: DoctorFlags, { name, state, text }: Check, scheme: Scheme | undefined): void {
  if (flags.json) io.stdout.write(`${visibleJson({ check: name, scheme, state, text })}\n`);
  else if (!flags.quiet || state === 'bad') {
    const [mark, colour] = marks[state];
    const title = scheme ? `${scheme} ${name}` : name;
    io.stdout.write(`${paintFor(io.stdout, io.env)(colour, mark)} ${title.padEnd(15)}  ${printable(text)}\n`);
  }
}
