import { CopyError, gaveUp, type GiveUpCode } from '../../copy/model/errors.ts';

/** Exit codes of every command; scripts may rely on them. */
export const exit = {
  done: 0,
  failed: 1,
  /** The command line, the configuration or the state folder must change first. */
  usage: 2,
  /** Some of many objects failed; the others are done. */
  someFailed: 3,
  interrupted: 130,
} as const;

/** The command line or the configuration cannot be used as it is; the message says what to change. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Stopped by a signal. State is kept; the message says how to go on. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** Commands to copy, each shown on a line of its own. */
  readonly hints: readonly string[];

  constructor(message: string, hints: readonly string[] = []) {
    super(message);
    this.hints = hints;
  }
}

/** Refusals that no store was asked about, or that a setting causes. */
const usageCodes: readonly GiveUpCode[] = [
  'SameObject',
  'KeyTooLong',
  'TooManyParts',
  'InvalidCredentials',
  'WrongEndpoint',
  'StateUnusable',
];

/** The exit code for an error that ended a command. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return exit.interrupted;
  if (error instanceof UsageError || gaveUp(error, ...usageCodes)) return exit.usage;
  // Refused before any store was asked.
  if (gaveUp(error, 'BadRequest') && !error.answer) return exit.usage;
  return exit.failed;
}

/** One word for a failure, to count failures by class. */
export function classOf(error: unknown): string {
  if (error instanceof CopyError) return error.code;
  return error instanceof UsageError ? 'Usage' : 'Unexpected';
}
