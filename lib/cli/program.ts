import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { groups } from './commands.ts';
import { meantCommand, readHabits } from './input/habits.ts';
import { CommandWithVariables, variablesOf } from './input/variables.ts';
import { errorDocument, complaint } from './output/result.ts';
import type { Context } from './process/context.ts';
import { exit, exitCodeOf, Interrupted } from './process/exit.ts';
import type { Io } from './process/io.ts';
import { paintFor } from './text/paint.ts';
import { visibleJson } from '../copy/model/visible-json.ts';

const examples = `
Examples:
  ferry cp oss://photos/big.tar oss://backup/big.tar
  ferry mv s3://logs/2025/ s3://archive/2025/ --exclude '*.tmp'
  ferry meta oss://photos/a.jpg --content-type image/jpeg --set owner=ann
  ferry cp s3://a/x s3://b/x --dry-run

Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 some of many failed, 130 interrupted (ferry resume goes on)`;

/** Runs one command line, without the program's name, and returns its exit code. Never throws. */
export async function ferry(typed: readonly string[], io: Io): Promise<number> {
  const context: Context = {
    ...{ io, code: exit.done, ferry },
    names: groups.flatMap(([, commands]) => commands.map(([name]) => name)),
    definitions: () => allCommands(context),
  };
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
  const program: Command = new CommandWithVariables(io.env, 'ferry')
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
    .hook('preAction', async () => {
      // A variable that this command has no option for may be one of another's.
      if (Object.keys(io.env).some((name) => /^FERRY_(?!HOME$|LOG_LEVEL$)/.test(name)))
        io.knownVariables = await allVariables(context);
    });
  for (const [heading, commands] of groups) {
    program.commandsGroup(heading);
    for (const [name, usage, summary, load] of commands) {
      if (name === called) (await load())(program, context);
      else program.command(name).usage(usage);
      program.commands.at(-1)?.summary(summary);
    }
  }
  // Asked by the shells' completion alone.
  if (called === '__complete') (await import('./commands/complete.ts')).defineComplete(program, context);
  // Joins the group that was named last.
  return program.helpCommand('help [command]', 'show what a command takes');
}

async function allCommands(context: Context): Promise<Command> {
  const all = new Command();
  for (const [, , , load] of groups.flatMap(([, commands]) => commands)) (await load())(all, context);
  return all;
}

async function allVariables(context: Context): Promise<string[]> {
  const all = await allCommands(context);
  return [...new Set(variablesOf(all))];
}
