/** Entry of the `ferry` command. */
import { cleanProcessEnvironment } from '../config/environment.ts';
import { processIo } from './process/io.ts';
import { ferry } from './program.ts';

cleanProcessEnvironment();
process.exitCode = await ferry(process.argv.slice(2), processIo());
