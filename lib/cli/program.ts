import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { defineBatch } from './commands/batch.ts';
import { defineCancel } from './commands/cancel.ts';
import { defineCost } from './commands/cost.ts';
import { defineCp } from './commands/cp.ts';
import { defineDead } from './commands/dead.ts';
import { defineDemo } from './commands/demo.ts';
import { defineDoctor } from './commands/doctor.ts';
import { defineLs } from './commands/ls.ts';
import { defineMeta } from './commands/meta.ts';
import { defineMv } from './commands/mv.ts';
import { defineReconcile } from './commands/reconcile.ts';
import { defineReplicate } from './commands/replicate.ts';
import { defineResume } from './commands/resume.ts';
import { defineServe } from './commands/serve.ts';
import { defineStatus } from './commands/status.ts';
import { defineSweep } from './commands/sweep.ts';
import { defineTwin } from './commands/twin.ts';
import { defineCat } from './commands/cat.ts';
import { defineDu } from './commands/du.ts';
import { defineMb } from './commands/mb.ts';
import { definePresign } from './commands/presign.ts';
import { defineRb } from './commands/rb.ts';
import { defineRm } from './commands/rm.ts';
import { defineStat } from './commands/stat.ts';
import { errorDocument, complaint } from './output/result.ts';
import type { Context, DefineCommand } from './process/context.ts';
import { exit, exitCodeOf, Interrupted } from './process/exit.ts';
import type { Io } from './process/io.ts';
import { paintFor } from './text/paint.ts';
import { visibleJson } from '../copy/model/visible-json.ts';

const groups: readonly [heading: string, commands: readonly DefineCommand[]][] = [
  ['Objects:', [defineCp, defineMv, defineMeta, defineRm, defineBatch]],
  ['Looking:', [defineLs, defineDu, defineStat, defineCat, definePresign]],
  ['Buckets:', [defineMb, defineRb]],
  ['Jobs:', [defineStatus, defineResume, defineCancel, defineSweep, defineDead]],
  ['Service:', [defineServe, defineReplicate, defineReconcile]],
  ['Setup:', [defineDoctor, defineCost, defineTwin, defineDemo]],
];

const examples = `
Examples:
  ferry cp oss://photos/big.tar oss://backup/big.tar
  ferry mv s3://logs/2025/ s3://archive/2025/ --exclude '*.tmp'
  ferry meta oss://photos/a.jpg --content-type image/jpeg --set owner=ann
  ferry cp s3://a/x s3://b/x --dry-run

Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 some of many failed, 130 interrupted (ferry resume goes on)`;

/** Runs one command line, without the program's name, and returns its exit code. Never throws. */
export async function ferry(argv: readonly string[], io: Io): Promise<number> {
  const context: Context = { io, code: exit.done };
  try {
    await buildProgram(context).parseAsync(argv, { from: 'user' });
    return context.code;
  } catch (error) {
    // Commander has already written its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.done : exit.usage;
    report(io, error, argv.includes('--json'));
    return exitCodeOf(error);
  }
}

function report(io: Io, error: unknown, json: boolean): void {
  if (json && !(error instanceof Interrupted)) io.stdout.write(`${visibleJson(errorDocument(undefined, error))}\n`);
  for (const line of complaint(io, error)) io.stderr.write(`${line}\n`);
}

function buildProgram(context: Context): Command {
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
    .addHelpText('after', examples);
  for (const [heading, commands] of groups) {
    program.commandsGroup(heading);
    for (const define of commands) define(program, context);
  }
  // Joins the group that was named last.
  return program.helpCommand('help [command]', 'show what a command takes');
}
