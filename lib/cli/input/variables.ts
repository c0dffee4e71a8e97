/** Every option as a variable: `--min-size` is `FERRY_MIN_SIZE`. What is typed goes before it. */
import { Command, InvalidArgumentError, type Option } from 'commander';
import { UsageError } from '../process/exit.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Kubernetes sets this one for a service that is named `ferry`, and some options would be a trap if they were set for good. */
const never = new Set(['FERRY_PORT', 'FERRY_HELP', 'FERRY_VERSION', 'FERRY_YES', 'FERRY_VERSION_ID']);

/** Options that exclude each other, by their attributes: one that is typed goes before the variable of the other. */
const opposites: readonly (readonly [string, string])[] = [
  ['overwrite', 'ifDifferent'],
  ['manifest', 'inventory'],
  ['rename', 'inPlace'],
  ['keyTemplate', 'keyPattern'],
  ['keyTemplate', 'keyTo'],
  ['bytes', 'humanReadable'],
  ['expiresIn', 'expire'],
];

/**
 * A command whose options, and those of its own commands, can be variables. Commander's `Option.env` would take `FERRY_DRY_RUN=0`
 * for a yes and knows the environment of the process alone. Variables are read with the command line, so that commander's checks
 * for options that are missing or exclude each other see them.
 */
export class CommandWithVariables extends Command {
  readonly #variables: Variables;

  constructor(variables: Variables, name?: string) {
    super(name);
    this.#variables = variables;
  }

  override createCommand(name?: string): Command {
    return new CommandWithVariables(this.#variables, name);
  }

  /** @throws UsageError that names a variable whose value cannot be. */
  override parseOptions(argv: string[]): ReturnType<Command['parseOptions']> {
    const parsed = super.parseOptions(argv);
    // Help is there for who has set a variable wrong, too.
    const isHelp = parsed.unknown.some((word) => word === '-h' || word === '--help');
    if (!isHelp) readVariables(this, this.#variables);
    return parsed;
  }
}

/** Gives the options of a command that were not typed the value of their variable. */
function readVariables(command: Command, variables: Variables): void {
  const isTyped = (attribute: string): boolean => command.getOptionValueSource(attribute) === 'cli';
  for (const option of command.options) {
    const name = variableOf(option);
    if (name === undefined) continue;
    const text = variables[name];
    const attribute = option.attributeName();
    const source = command.getOptionValueSource(attribute);
    if (text === undefined || text === '' || (source !== undefined && source !== 'default')) continue;
    if (oppositesOf(attribute).some(isTyped)) continue;
    // For commander's messages about it.
    option.envVar = name;
    command.setOptionValueWithSource(attribute, valueOf(option, name, text), 'env');
  }
}

function oppositesOf(attribute: string): string[] {
  return opposites.flatMap(([one, other]) => (one === attribute ? [other] : other === attribute ? [one] : []));
}

function variableOf({ long }: Option): string | undefined {
  const name = long && `FERRY_${long.slice(2).replaceAll('-', '_').toUpperCase()}`;
  return name === undefined || never.has(name) ? undefined : name;
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
