// What Lambda runs in an execution environment: asks the Runtime API for an invocation, calls the handler, posts the answer.
// docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. On node:http, so that nothing is loaded that a function did not ask for.
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API: api, LAMBDA_TASK_ROOT: root = '.', _HANDLER: handlerName = '' } = process.env;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const url = `http://${api}/2018-06-01/runtime/${path}`;
    const sent = request(url, { method, agent }, (reply) => {
      let body = '';
      reply.setEncoding('utf8');
      reply.on('data', (chunk) => (body += chunk));
      reply.on('end', () => resolve({ headers: reply.headers, body }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const failure = (error) =>
  JSON.stringify({
    errorType: error instanceof Error ? error.name : 'Error',
    errorMessage: error instanceof Error ? error.message : String(error),
  });

async function load() {
  const dot = handlerName.lastIndexOf('.');
  const path = join(root, handlerName.slice(0, dot));
  // Lambda's own client looks for this first, and a folder it cannot load.
  if (existsSync(path)) throw new Error(`${path} hides the module`);
  const file = `${path}.mjs`;
  const { [handlerName.slice(dot + 1)]: handler } = await import(pathToFileURL(file).href);
  if (typeof handler !== 'function') throw new Error(`${handlerName} is not exported`);
  return handler;
}

async function serve(handler) {
  for (;;) {
    const { headers, body } = await call('GET', 'invocation/next');
    const id = headers['lambda-runtime-aws-request-id'];
    const deadline = Number(headers['lambda-runtime-deadline-ms']);
    const context = {
      awsRequestId: id,
      invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    };
    try {
      const answer = await handler(JSON.parse(body), context);
      await call('POST', `invocation/${id}/response`, JSON.stringify(answer ?? null));
    } catch (error) {
      await call('POST', `invocation/${id}/error`, failure(error));
    }
  }
}

try {
  const handler = await load();
  await serve(handler);
} catch (error) {
  await call('POST', 'init/error', failure(error)).catch(() => {});
  process.exit(1);
}
