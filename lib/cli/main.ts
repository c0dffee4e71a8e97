/** Entry of the `ferry` command. */
import { cleanProcessEnvironment } from '../config/environment.ts';
import { exit } from './process/exit.ts';
import { processIo } from './process/io.ts';
import { ferry } from './program.ts';

// A reader that closes early (`ferry ls ... | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exit.done);
});

cleanProcessEnvironment();
process.exitCode = await ferry(process.argv.slice(2), processIo());
