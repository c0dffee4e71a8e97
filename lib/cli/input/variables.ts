/** Every option as a variable: `--min-size` is `FERRY_MIN_SIZE`. What is typed goes before it. */
import { InvalidArgumentError, type Command, type Option } from 'commander';
import { UsageError } from '../process/exit.ts';
import type { Io } from '../process/io.ts';

/** Kubernetes sets this one for a service that is named `ferry`, and some options would be a trap if they were set for good. */
const never = new Set(['FERRY_PORT', 'FERRY_HELP', 'FERRY_VERSION', 'FERRY_YES', 'FERRY_VERSION_ID']);

function variableOf({ long }: Option): string | undefined {
  const name = long && `FERRY_${long.slice(2).replaceAll('-', '_').toUpperCase()}`;
  return name === undefined || never.has(name) ? undefined : name;
}

/**
 * Gives the options of a command that were not typed the value of their variable.
 * @throws UsageError that names a variable whose value cannot be.
 */
export function readVariables(command: Command, io: Io): void {
  for (const option of command.options) {
    const name = variableOf(option);
    if (name === undefined) continue;
    const text = io.env[name];
    const attribute = option.attributeName();
    const source = command.getOptionValueSource(attribute);
    if (text === undefined || text === '' || (source !== undefined && source !== 'default')) continue;
    command.setOptionValueWithSource(attribute, valueOf(option, name, text), 'env');
  }
}

/** The variables of all options of a command and of its own commands. */
export function variablesOf(command: Command): string[] {
  const own = command.options.flatMap((option) => variableOf(option) ?? []);
  return [...own, ...command.commands.flatMap(variablesOf)];
}

function valueOf(option: Option, name: string, text: string): unknown {
  if (option.required || option.optional) {
    try {
      return option.parseArg ? option.parseArg(text, undefined) : text;
    } catch (error) {
      if (error instanceof InvalidArgumentError) throw new UsageError(`${name}: ${error.message}`);
      throw error;
    }
  }
  if (/^(?:1|true|yes|on)$/i.test(text)) return !option.negate;
  if (/^(?:0|false|no|off)$/i.test(text)) return option.negate;
  throw new UsageError(`${name} is "${text}": write 1 or 0.`);
}
