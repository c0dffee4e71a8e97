/**
 * What a custom runtime of Function Compute starts: loads the function that `FERRY_FUNCTION` names, a file beside this one, and
 * serves it. The platform calls it when the port answers.
 */
import type { PlatformContext } from '../middleware/context.ts';
import { startServer } from './server.ts';

/** Seconds; that of a function whose settings name none, in Function Compute's own console. */
const shortestTimeout = 60;

const { FERRY_FUNCTION: name = '', FERRY_TIMEOUT, FC_SERVER_PORT, FC_CUSTOM_LISTEN_PORT } = process.env;
// By the build, a file for each function.
const file = `./${name}.mjs`;
const { handler } = (await import(file)) as {
  handler(event: unknown, context: PlatformContext): Promise<unknown>;
};
const server = await startServer({
  handler,
  port: Number(FC_SERVER_PORT ?? FC_CUSTOM_LISTEN_PORT ?? 9000),
  timeoutSeconds: Number(FERRY_TIMEOUT) || shortestTimeout,
  write: (line) => void process.stdout.write(`${line}\n`),
});
process.on('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});
