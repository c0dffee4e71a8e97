/** Entry of the `ferry` command. */
import { processIo } from './process/io.ts';
import { ferry } from './program.ts';

process.exitCode = await ferry(process.argv.slice(2), processIo());
