/**
 * Deploys the ROS template onto what runs here: the table on the Tablestore stand-in, the built bundles on the host of Function
 * Compute, the buckets on the OSS twin. Times are shorter than in the cloud, so that what was killed comes back soon.
 */
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Template } from '../../../alibaba.ts';
import type { FunctionName, NamedStage, Resource } from '../../../deploy/alibaba/stage.ts';
import { capital, functionName, functionNames, tableName } from '../../../deploy/alibaba/stage.ts';
import type { Keys } from '../../../lib/queue/fc/sign.ts';
import { tableDefinition } from '../../../lib/state/tablestore/schema.ts';
import type { Twin } from '../../../lib/twin/start.ts';
import { startTwin } from '../../../lib/twin/start.ts';
import type { FcFunction } from '../../fc-host/function.ts';
import type { FcHost } from '../../fc-host/host.ts';
import { startFcHost } from '../../fc-host/host.ts';
import type { OtsTwin } from '../../ots-twin/start.ts';
import { startOtsTwin } from '../../ots-twin/start.ts';

export interface DeployOptions {
  stage: NamedStage;
  template: Template;
  /** Text of ferry.yaml. */
  config: string;
  /** Seconds, of every function. */
  timeout: number;
  /** Variables over those of the template. */
  settings: Record<string, string>;
  /** Milliseconds by which the clocks of everything here are ahead. */
  ahead?: () => number;
  /** Buckets that keep versions. */
  versioned?: string[];
  /** Between two runs of the sweep; the template says a minute, and here it is five seconds unless said otherwise. */
  sweepMs?: number;
  random: () => number;
  onLine(line: string): void;
}

export interface Deployment {
  oss: Twin;
  table: OtsTwin;
  host: FcHost;
  functions: Record<FunctionName, FcFunction>;
  /** Base URL of the HTTP API. */
  api: string;
  /** Of a function's role: all three services know them. */
  keysOf(name: FunctionName): Required<Keys>;
  /** From now on: the shares of messages that come twice, or never; of all functions but the sweep. */
  mischief(shares: { duplicates: number; lost: number }): void;
  close(): Promise<void>;
}

/** Of the account itself; each function has those of its own role, so that its calls can be told from others. */
const keys = { accessKeyId: 'role-key', accessKeySecret: 'role-secret', securityToken: 'role-token' };
const keysOf = (name: FunctionName): Required<Keys> => ({
  accessKeyId: `${keys.accessKeyId}-${name}`,
  accessKeySecret: `${keys.accessKeySecret}-${name}`,
  securityToken: `${keys.securityToken}-${name}`,
});

export async function deploy(options: DeployOptions): Promise<Deployment> {
  const { stage, template, config, random, ahead = () => 0 } = options;
  const now = () => Date.now() + ahead();
  const roles = functionNames.map(keysOf);
  const table = await startOtsTwin({
    instance: stage.instance,
    keys,
    roles,
    tables: [tableDefinition(tableName)],
    indexLagMs: 200,
    now,
  });
  const host = await startFcHost({ keys: () => roles, random, now });
  const events = await startEvents(host, template, functionName(stage, 'objectCreated'));
  const oss = await startTwin({
    accessKeyId: keys.accessKeyId,
    secretAccessKey: keys.accessKeySecret,
    sessionToken: keys.securityToken,
    roles: roles.map(({ accessKeyId, accessKeySecret, securityToken }) => ({
      accessKeyId,
      secretAccessKey: accessKeySecret,
      sessionToken: securityToken,
    })),
    region: stage.region,
    clock: now,
    buckets: bucketsOf(stage).map((name) => ({
      name,
      ...(options.versioned?.includes(name) && { versioning: 'Enabled' as const }),
    })),
    events: [{ url: `http://127.0.0.1:${(events.address() as AddressInfo).port}/`, shape: 'oss' }],
  });
  const root = await mkdtemp(join(tmpdir(), 'ferry-fc-'));
  await cp(join('dist', 'alibaba'), root, { recursive: true });
  await writeFile(join(root, 'ferry.yaml'), config);
  const places = {
    OSS_ENDPOINT: oss.url,
    FERRY_TABLESTORE_ENDPOINT: table.endpoint,
    FERRY_FC_ENDPOINT: host.endpoint,
    FC_REGION: stage.region,
  };
  const made = functionNames.map((name) => {
    const variables = { ...variablesOf(options, name), ...places };
    return [name, place(options, host, name, { root, variables })] as const;
  });
  host.every(options.sweepMs ?? 5_000, functionName(stage, 'sweep'));
  const api = await host.front(functionName(stage, 'api'));
  return {
    ...{ oss, table, host, api, keysOf },
    functions: Object.fromEntries(made) as Deployment['functions'],
    mischief(shares) {
      for (const name of functionNames) {
        if (name !== 'sweep') Object.assign(host.queueOf(functionName(stage, name)).options, shares);
      }
    },
    async close() {
      await host.close();
      await Promise.all([oss.close(), table.close()]);
      events.close();
      events.closeAllConnections();
      await rm(root, { recursive: true, force: true });
    },
  };
}

function bucketsOf({ read, write, work }: NamedStage): string[] {
  return [...new Set([...read, ...write, ...(work ? [new URL(work).hostname] : [])])];
}

function propertiesOf({ template }: DeployOptions, name: FunctionName, suffix: string): Resource['Properties'] {
  return template.Resources[`${capital(name)}${suffix}`]?.Properties ?? {};
}

/** What the service sets, and what the template says, its references resolved. */
function variablesOf(options: DeployOptions, name: FunctionName): Record<string, string> {
  const { stage, settings, timeout } = options;
  const own = propertiesOf(options, name, 'Function')['EnvironmentVariables'] as Record<string, unknown>;
  const resolved = Object.entries(own).map(([key, value]) => [key, typeof value === 'string' ? value : stage.instance]);
  return {
    PATH: process.env['PATH'] ?? '',
    FC_FUNCTION_NAME: functionName(stage, name),
    ...Object.fromEntries(resolved),
    FERRY_TIMEOUT: String(timeout),
    ...settings,
  };
}

function place(
  options: DeployOptions,
  host: FcHost,
  name: FunctionName,
  { root, variables }: { root: string; variables: Record<string, string> },
): FcFunction {
  const { stage, timeout, random, onLine } = options;
  const { InstanceConcurrency } = propertiesOf(options, name, 'Function') as { InstanceConcurrency: number };
  const { ReservedConcurrency = 1 } = propertiesOf(options, name, 'Concurrency') as { ReservedConcurrency?: number };
  const { MaxAsyncRetryAttempts = 3 } = propertiesOf(options, name, 'Async') as { MaxAsyncRetryAttempts?: number };
  const asynchronous = { maxRetries: MaxAsyncRetryAttempts, retryMs: 500, random };
  return host.deploy(
    {
      name: functionName(stage, name),
      root,
      command: [process.execPath, 'bootstrap.mjs'],
      variables,
      timeoutSeconds: timeout,
      instanceConcurrency: InstanceConcurrency,
      mostInstances: ReservedConcurrency,
      region: stage.region,
      keys: () => keysOf(name),
      ...(options.ahead && { ahead: options.ahead }),
      onLine,
    },
    asynchronous,
  );
}

/** Starts the function for the events that a trigger of the template names, as OSS does. */
async function startEvents(host: FcHost, { Resources }: Template, name: string): Promise<Server> {
  const configs = Object.values(Resources)
    .filter(({ Properties }) => Properties['TriggerType'] === 'oss')
    .map(({ Properties }) => ({
      bucket: JSON.stringify(Properties['SourceArn']),
      ...(Properties['TriggerConfig'] as { events: string[]; filter: { key: { prefix: string } } }),
    }));
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const event = JSON.parse(Buffer.concat(chunks).toString()) as {
      events: { eventName: string; oss: { bucket: { name: string }; object: { key: string } } }[];
    };
    const [record] = event.events;
    const isWanted = configs.some(
      ({ bucket, events, filter }) =>
        record &&
        bucket.includes(`:${record.oss.bucket.name}"`) &&
        events.includes(`oss:${record.eventName}`) &&
        record.oss.object.key.startsWith(filter.key.prefix),
    );
    if (isWanted) host.trigger(name, event);
    response.writeHead(200).end();
  };
  const server = createServer((request, response) => void take(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
