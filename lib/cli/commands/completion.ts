import { completionScript, shells, type Shell } from '../output/completion.ts';
import type { DefineCommand } from '../process/context.ts';
import { UsageError } from '../process/exit.ts';
import { printLine } from '../process/io.ts';

const where = `Prints a script that completes commands, options, buckets and keys:

  bash:  source <(ferry completion bash)        in ~/.bashrc
  zsh:   source <(ferry completion zsh)         in ~/.zshrc, after compinit
  fish:  ferry completion fish | source         in ~/.config/fish/config.fish

Buckets and keys are asked of the store at each Tab, with the keys and the endpoint that the environment names.`;

export const defineCompletion: DefineCommand = (program, context) => {
  program
    .command('completion')
    .description(where)
    .argument('<shell>', shells.join(', '))
    .action(async (shell: string) => {
      if (!(shells as readonly string[]).includes(shell) || !context.definitions)
        throw new UsageError(`there is no completion for "${shell}": write ${shells.join(', ')}.`);
      const script = completionScript(shell as Shell, await context.definitions());
      await printLine(context.io.stdout, script.trimEnd());
    });
};
