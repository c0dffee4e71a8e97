import type { Command } from 'commander';
import type { Io } from './io.ts';

/** One run of the command line. */
export interface Context {
  readonly io: Io;
  /** Exit code of the command that ran; commands set it. */
  code: number;
}

/** Adds one command to the program. */
export type DefineCommand = (program: Command, context: Context) => void;
