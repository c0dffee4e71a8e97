import { addOutputOptions, addStoreOptions, type OutputFlags, type StoreFlags } from '../input/options.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit } from '../process/exit.ts';
import { withSession } from '../run/session.ts';
import { plural } from '../text/format.ts';

export const defineSweep: DefineCommand = (program, context) => {
  const command = program
    .command('sweep')
    .description(
      'Checks every stalled job once: re-sends its missing tasks, and removes what ended jobs left in the store.',
    );
  addStoreOptions(addOutputOptions(command)).action(async (flags: StoreFlags & OutputFlags) => {
    context.code = await withSession(context.io, flags, async ({ io, runtime }) => {
      const report = await runtime.sweep();
      const { looked, revived, tidied, failed } = report;
      const text = `looked at ${plural(looked, 'job')}: ${revived} revived, ${tidied} tidied up, ${failed} failed`;
      if (flags.json || !flags.quiet) io.stdout.write(`${flags.json ? JSON.stringify(report) : text}\n`);
      return failed > 0 ? exit.someFailed : exit.done;
    });
  });
};
