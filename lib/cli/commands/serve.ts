import { readFile } from 'node:fs/promises';
import { Option } from 'commander';
import { jsonLog } from '../../log.ts';
import type { ServeOptions } from '../../runtime/serve/serve.ts';
import { wholeNumber } from '../input/parse.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit, UsageError } from '../process/exit.ts';
import type { Io } from '../process/io.ts';
import { catchSignals } from '../process/signals.ts';
import { printable } from '../text/format.ts';
import { paintFor } from '../text/paint.ts';

interface ServeFlags {
  config?: string;
  host?: string;
  port?: number;
  state?: string;
  profile?: string;
  insecureNoAuth?: boolean;
  schema?: boolean;
  check?: boolean;
}

export const defineServe: DefineCommand = (program, context) => {
  program
    .command('serve')
    .description(
      'Answers the HTTP API (/openapi.json), takes events of stores (/events), replicates by rules and works on jobs until it is stopped. Logs JSON lines to stdout.',
    )
    .option('--config <file>', 'YAML file; `ferry serve --schema` tells what it may hold')
    .option('--host <address>', 'address to listen on (default 127.0.0.1)')
    .addOption(new Option('--port <port>', 'port; 0 takes a free one (default 8470)').argParser(wholeNumber(0, 65_535)))
    .option('--state <dir>', 'folder that keeps state (also FERRY_HOME; default .ferry)')
    .option('--profile <name>', 'for stores of the file that name none; as in other commands')
    .option('--insecure-no-auth', 'disable authentication; only allowed on a loopback address')
    .option('--schema', 'print the JSON Schema of the configuration file and exit')
    .option(
      '--check',
      'look whether the file, the variables that it names, the state and the stores can be used, say what cannot, and exit',
    )
    .action(async (flags: ServeFlags) => {
      context.code = flags.schema ? await printSchema(context.io) : await runServer(context.io, flags);
    });
};

async function printSchema(io: Io): Promise<number> {
  const { serveJsonSchema } = await import('../../config/file.ts');
  io.stdout.write(`${JSON.stringify(serveJsonSchema(), undefined, 2)}\n`);
  return exit.done;
}

async function runServer(io: Io, flags: ServeFlags): Promise<number> {
  const { loadServeConfig } = await import('../../config/load.ts');
  const { serve } = await import('../../runtime/serve/serve.ts');
  const text = flags.config === undefined ? '' : await readText(flags.config);
  const { config, file } = await loadServeConfig(io.env, text, { home: flags.state, profile: flags.profile });
  const home = flags.state ?? file.home ?? config.home;
  const options = {
    serve: { ...file, host: flags.host ?? file.host, port: flags.port ?? file.port },
    ...{ home, config, settings: config.settings, env: io.env, insecureNoAuth: flags.insecureNoAuth },
  };
  if (flags.check) return await check(io, options);
  const log = jsonLog({ write: (line) => void io.stdout.write(`${line}\n`), level: config.logLevel });
  const stop = catchSignals(() => log.info('stopping; a second signal stops at once'));
  try {
    const serving = await serve({ ...options, log });
    await new Promise<void>((resolve) => {
      if (stop.signal.aborted) resolve();
      else stop.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await serving.close();
    return exit.done;
  } finally {
    stop.release();
  }
}

async function check(io: Io, options: Omit<ServeOptions, 'log'>): Promise<number> {
  const { checkServe } = await import('../../runtime/serve/check.ts');
  const findings = await checkServe(options);
  const paint = paintFor(io.stdout, io.env);
  for (const { what, problem } of findings) {
    const mark = problem === undefined ? paint('green', '✓') : paint('red', '✗');
    io.stdout.write(`${mark} ${printable(what)}${problem === undefined ? '' : `: ${printable(problem)}`}\n`);
  }
  return findings.some(({ problem }) => problem !== undefined) ? exit.failed : exit.done;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
