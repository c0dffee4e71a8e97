import type { Command } from 'commander';
import type { Io } from './io.ts';

/** One run of the command line. */
export interface Context {
  readonly io: Io;
  /** Exit code of the command that ran; commands set it. */
  code: number;
  /** Runs another command line; see `lib/cli/program.ts`. */
  ferry?(typed: readonly string[], io: Io): Promise<number>;
  /** Names of all commands. */
  names?: readonly string[];
  /** All commands, fully defined. */
  definitions?(): Promise<Command>;
}

/** Adds one command to the program. */
export type DefineCommand = (program: Command, context: Context) => void;
