import { cleanProcessEnvironment } from '../config/environment.ts';
import { processIo } from './process/io.ts';
import { ferry } from './program.ts';

/** Runs a command line in this process, and returns its exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  cleanProcessEnvironment();
  return await ferry(argv, processIo());
}
