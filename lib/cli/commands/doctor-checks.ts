/** The checks of `ferry doctor`. Each gives one line and never throws. */
import { existsSync } from 'node:fs';
import type { Config, Env, Scheme } from '../../config/env.ts';
import { addressOf } from '../../config/env.ts';
import { withoutLineEnds } from '../../config/environment.ts';
import { describe } from '../../copy/model/object.ts';
import { readNetwork } from '../../profiles/network.ts';
import { placeOf } from '../../profiles/places.ts';
import type { StoreClient } from '../../store/calls/client.ts';
import { oss } from '../../store/dialects/oss.ts';
import { s3 } from '../../store/dialects/s3.ts';
import { openAgent, send } from '../../store/http/connection.ts';
import { resolveAddressing } from '../../store/http/addressing.ts';
import { credentialsFor } from '../../store/sign/credentials.ts';
import type { StoreUrl } from '../input/urls.ts';
import { formatBytes } from '../text/format.ts';

export interface Check {
  name: string;
  state: 'good' | 'bad' | 'skipped';
  text: string;
}

/** Runs one check; an error is its result. */
export async function check(name: string, run: () => Promise<string>): Promise<Check> {
  try {
    return { name, state: 'good', text: await run() };
  } catch (error) {
    return { name, state: 'bad', text: error instanceof Error ? error.message : String(error) };
  }
}

/** Where the credentials of a scheme come from, without looking them up. */
export function credentialsSource(scheme: Scheme, profile: string | undefined, env: Env): string {
  if (profile !== undefined) return `${scheme === 's3' ? 'AWS' : 'ossutil'} profile ${profile}`;
  if (scheme === 's3') return env['AWS_ACCESS_KEY_ID'] ? 'AWS_ACCESS_KEY_ID' : 'AWS provider chain';
  if (env['OSS_ACCESS_KEY_ID']) return 'OSS_ACCESS_KEY_ID';
  const path = placeOf(env, 'OSSUTIL_CONFIG_FILE', '.ossutilconfig');
  return path !== undefined && existsSync(path) ? path : 'Alibaba Cloud provider chain';
}

export function checkCredentials(scheme: Scheme, config: Config, env: Env): Promise<Check> {
  return check('credentials', async () => {
    const { profile, region } = addressOf(config, scheme);
    const { accessKeyId, sessionToken } = await credentialsFor(scheme, {
      env: withoutLineEnds(env),
      profile,
      region,
    })();
    const kind = sessionToken ? ', temporary' : '';
    return `key ${maskKey(accessKeyId)} from ${credentialsSource(scheme, profile, env)}${kind}`;
  });
}

/** Enough to recognise the key, too little to use it. */
export function maskKey(id: string): string {
  return id.length < 10 ? `${id.slice(0, 2)}...` : `${id.slice(0, 4)}...${id.slice(-3)}`;
}

/** One unsigned request: whether anything answers, and what time it has. */
export async function checkEndpoint(scheme: Scheme, config: Config, env: Env): Promise<Check[]> {
  let date: string | undefined;
  const endpoint = await check('endpoint', async () => {
    const { region, target } = resolveAddressing(
      addressOf(config, scheme),
      scheme === 'oss' ? oss : s3,
      config.stores[scheme],
    );
    const { origin } = target();
    const startedAt = performance.now();
    const agent = openAgent(1, readNetwork(withoutLineEnds(env), config.stores[scheme].caBundle));
    try {
      const answer = await send(agent, {
        origin,
        path: '/',
        method: 'GET',
        headersTimeout: 10_000,
        bodyTimeout: 10_000,
      });
      date = [answer.headers['date']].flat()[0];
      await answer.body.dump();
    } catch (error) {
      const { code = 'no answer' } = error as { code?: string };
      throw new Error(`${origin} cannot be reached (${code}): check --endpoint-url, --region and the network`, {
        cause: error,
      });
    } finally {
      await agent.destroy();
    }
    return `${origin} answers in ${Math.round(performance.now() - startedAt)} ms, region ${region}`;
  });
  return [endpoint, checkClock(date, Date.now())];
}

/** Requests are refused when they seem to come from more than 15 minutes away; the client corrects for that once it knows. */
export function checkClock(date: string | undefined, now: number): Check {
  const theirs = date === undefined ? NaN : Date.parse(date);
  if (Number.isNaN(theirs)) return { name: 'clock', state: 'skipped', text: 'the store did not tell its time' };
  const seconds = Math.round(Math.abs(now - theirs) / 1000);
  if (seconds <= 60) return { name: 'clock', state: 'good', text: seconds <= 2 ? 'right' : `${seconds} s off` };
  return {
    name: 'clock',
    state: 'bad',
    text: `${seconds} s off: set this machine's clock, stores refuse more than 15 minutes`,
  };
}

/** What can be done with one bucket, and with one object of it. */
export async function checkBucket(
  client: StoreClient,
  url: StoreUrl,
  region: string | undefined,
  write: boolean,
): Promise<Check[]> {
  const { bucket, key, scheme } = url;
  const name = `${scheme}://${bucket}`;
  const checks = [
    await check('region', async () => {
      const actual = await client.bucketRegion(bucket);
      // No fault: the client learns from the store where a bucket is.
      const elsewhere = region !== undefined && region.replace(/^oss-/, '') !== actual;
      return `${name} is in ${actual}${elsewhere ? `; the region is set to ${region}, and what the store refuses for that is sent to ${actual}` : ''}`;
    }),
    await check('list', async () => {
      const page = await client.listObjects(bucket, { limit: 1 });
      return `${name} can be listed${page.contents.length === 0 ? ' (it is empty)' : ''}`;
    }),
  ];
  if (key !== '' && !key.endsWith('/')) {
    checks.push(
      await check('read', async () => {
        const head = await client.head({ bucket, key });
        return `${describe(url, { bucket, key })} is there, ${formatBytes(head.size)}, ${head.storageClass}`;
      }),
    );
  }
  checks.push(write ? await checkWrite(client, bucket, name) : skippedWrite);
  return checks;
}

const skippedWrite: Check = {
  name: 'write',
  state: 'skipped',
  text: 'not tried; --write starts an upload and aborts it',
};

/** An upload that is never completed changes nothing that a client can read. */
async function checkWrite(client: StoreClient, bucket: string, name: string): Promise<Check> {
  return check('write', async () => {
    const destination = { bucket, key: `.ferry-doctor-${Date.now()}` };
    const { uploadId } = await client.initiate({ destination, content: {}, userMetadata: {}, tags: {} });
    await client.abort(destination, uploadId);
    return `${name} can be written (an upload was started and aborted)`;
  });
}
