import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { meantCommand, readHabits } from './input/habits.ts';
import { readVariables, variablesOf } from './input/variables.ts';
import { errorDocument, complaint } from './output/result.ts';
import type { Context, DefineCommand } from './process/context.ts';
import { exit, exitCodeOf, Interrupted } from './process/exit.ts';
import type { Io } from './process/io.ts';
import { paintFor } from './text/paint.ts';
import { visibleJson } from '../copy/model/visible-json.ts';

/** A command as the list of all shows it, and how its file is loaded once it is called. */
type Listed = readonly [name: string, usage: string, summary: string, load: () => Promise<DefineCommand>];

const groups: readonly [heading: string, commands: readonly Listed[]][] = [
  [
    'Objects:',
    [
      [
        'cp',
        '[options] <source> <destination>',
        'copy an object, or everything below a prefix',
        async () => (await import('./commands/cp.ts')).defineCp,
      ],
      [
        'mv',
        '[options] <source> <destination>',
        'move (rename) an object, or everything below a prefix',
        async () => (await import('./commands/mv.ts')).defineMv,
      ],
      [
        'meta',
        '[options] <url>',
        'show or change metadata, headers, tags and class',
        async () => (await import('./commands/meta.ts')).defineMeta,
      ],
      ['rm', '[options] <url>', 'remove one object', async () => (await import('./commands/rm.ts')).defineRm],
      [
        'batch',
        '[options] [command]',
        'many objects from one request',
        async () => (await import('./commands/batch.ts')).defineBatch,
      ],
    ],
  ],
  [
    'Looking:',
    [
      ['ls', '[options] [url]', 'list objects, or buckets', async () => (await import('./commands/ls.ts')).defineLs],
      [
        'du',
        '[options] <urls...>',
        'how many objects, and how large together',
        async () => (await import('./commands/du.ts')).defineDu,
      ],
      [
        'stat',
        '[options] <url>',
        'all that the store tells of one object',
        async () => (await import('./commands/stat.ts')).defineStat,
      ],
      [
        'cat',
        '[options] <url>',
        'write an object to standard output',
        async () => (await import('./commands/cat.ts')).defineCat,
      ],
      [
        'presign',
        '[options] <url>',
        'a URL that lets its holder read one object for a while',
        async () => (await import('./commands/presign.ts')).definePresign,
      ],
    ],
  ],
  [
    'Buckets:',
    [
      ['mb', '[options] <url>', 'make a bucket', async () => (await import('./commands/mb.ts')).defineMb],
      ['rb', '[options] <url>', 'remove an empty bucket', async () => (await import('./commands/rb.ts')).defineRb],
    ],
  ],
  [
    'Jobs:',
    [
      [
        'status',
        '[options] [id]',
        'show what runs, was interrupted, or has ended',
        async () => (await import('./commands/status.ts')).defineStatus,
      ],
      [
        'resume',
        '[options] [id]',
        'finish what was interrupted',
        async () => (await import('./commands/resume.ts')).defineResume,
      ],
      [
        'cancel',
        '[options] <id>',
        'stop a job or batch and drop what is left of it',
        async () => (await import('./commands/cancel.ts')).defineCancel,
      ],
      [
        'sweep',
        '[options]',
        'revive stuck jobs, remove leftovers, once',
        async () => (await import('./commands/sweep.ts')).defineSweep,
      ],
      [
        'dead',
        '[options] [command]',
        'what was given up: list, send again, drop',
        async () => (await import('./commands/dead.ts')).defineDead,
      ],
    ],
  ],
  [
    'Service:',
    [
      [
        'serve',
        '[options]',
        'HTTP API, replication rules and workers in one process',
        async () => (await import('./commands/serve.ts')).defineServe,
      ],
      [
        'replicate',
        '[options]',
        'copy what was there before a replication rule',
        async () => (await import('./commands/replicate.ts')).defineReplicate,
      ],
      [
        'reconcile',
        '[options] <rule>',
        'compare both sides of a replication rule',
        async () => (await import('./commands/reconcile.ts')).defineReconcile,
      ],
    ],
  ],
  [
    'Setup:',
    [
      [
        'doctor',
        '[options] [url]',
        'check credentials, endpoint, clock, region and permissions',
        async () => (await import('./commands/doctor.ts')).defineDoctor,
      ],
      [
        'cost',
        '[options]',
        'what replication on AWS costs',
        async () => (await import('./commands/cost.ts')).defineCost,
      ],
      [
        'twin',
        '[options]',
        'a local OSS and S3 server for trying things out',
        async () => (await import('./commands/twin.ts')).defineTwin,
      ],
      [
        'demo',
        '[options] [file]',
        'see it work, without any account',
        async () => (await import('./commands/demo.ts')).defineDemo,
      ],
    ],
  ],
];

const examples = `
Examples:
  ferry cp oss://photos/big.tar oss://backup/big.tar
  ferry mv s3://logs/2025/ s3://archive/2025/ --exclude '*.tmp'
  ferry meta oss://photos/a.jpg --content-type image/jpeg --set owner=ann
  ferry cp s3://a/x s3://b/x --dry-run

Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 some of many failed, 130 interrupted (ferry resume goes on)`;

/** Runs one command line, without the program's name, and returns its exit code. Never throws. */
export async function ferry(typed: readonly string[], io: Io): Promise<number> {
  const context: Context = { io, code: exit.done };
  try {
    const argv = readHabits(typed);
    const [name] = argv;
    const program = await buildProgram(context, name);
    const isKnown = program.commands.some((command) => command.name() === name);
    const meant = name === undefined || isKnown ? undefined : meantCommand(name);
    if (meant) throw meant;
    await program.parseAsync(argv, { from: 'user' });
    return context.code;
  } catch (error) {
    // Commander has already written its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.done : exit.usage;
    report(io, error, typed.includes('--json'));
    return exitCodeOf(error);
  }
}

function report(io: Io, error: unknown, json: boolean): void {
  if (json && !(error instanceof Interrupted)) io.stdout.write(`${visibleJson(errorDocument(undefined, error))}\n`);
  for (const line of complaint(io, error)) io.stderr.write(`${line}\n`);
}

/** @param called the one command that is loaded; of the others the list is enough. */
async function buildProgram(context: Context, called: string | undefined): Promise<Command> {
  const { io } = context;
  const paint = paintFor(io.stderr, io.env);
  const program = new Command('ferry')
    .description(
      'Copies, moves and re-tags objects inside OSS and S3 stores; the data never passes through this machine.',
    )
    .version(manifest.version)
    .exitOverride()
    .showHelpAfterError('(add --help for the options)')
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, `${paint('red', '✗')} `)),
      getOutHelpWidth: () => Math.min(io.stdout.columns ?? 100, 120),
      getErrHelpWidth: () => Math.min(io.stderr.columns ?? 100, 120),
    })
    .configureHelp({ subcommandTerm: (command) => `${command.name()} ${command.usage()}`.trim() })
    .addHelpText('after', examples)
    .hook('preAction', async (_program, command) => {
      readVariables(command, io);
      // A variable that this command has no option for may be one of another's.
      if (Object.keys(io.env).some((name) => /^FERRY_(?!HOME$|LOG_LEVEL$)/.test(name)))
        io.knownVariables = await allVariables(context);
    });
  for (const [heading, commands] of groups) {
    program.commandsGroup(heading);
    for (const [name, usage, summary, load] of commands) {
      if (name === called) (await load())(program, context);
      else program.command(name).usage(usage).summary(summary);
    }
  }
  // Joins the group that was named last.
  return program.helpCommand('help [command]', 'show what a command takes');
}

async function allVariables(context: Context): Promise<string[]> {
  const all = new Command();
  for (const [, , , load] of groups.flatMap(([, commands]) => commands)) (await load())(all, context);
  return [...new Set(variablesOf(all))];
}
