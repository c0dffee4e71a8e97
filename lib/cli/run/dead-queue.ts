/** `ferry dead` on the dead letters of a stack on Alibaba Cloud. */
import type { Env } from '../../config/env.ts';
import { withoutLineEnds } from '../../config/environment.ts';
import type { Keys } from '../../queue/fc/sign.ts';
import type { DeadLetter } from '../../runtime/alibaba/dead-letters.ts';
import { systemClock } from '../../runtime/shared/system-clock.ts';
import { credentialsFor } from '../../store/sign/credentials.ts';
import { exit, UsageError } from '../process/exit.ts';
import type { Io } from '../process/io.ts';
import { printLine } from '../process/io.ts';
import { plural, printable } from '../text/format.ts';
import { formatTable } from '../text/table.ts';

/** As for OSS: environment, profile of ossutil, or the chain of Alibaba Cloud. */
export function alibabaKeys(env: Env): () => Promise<Keys> {
  const find = credentialsFor('oss', { env: withoutLineEnds(env) });
  return async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await find();
    return { accessKeyId, accessKeySecret: secretAccessKey, ...(sessionToken && { securityToken: sessionToken }) };
  };
}

async function open(io: Io, url: string) {
  const { SmqQueue } = await import('../../runtime/alibaba/smq.ts');
  return new SmqQueue({ url, keys: alibabaKeys(io.env) });
}

export async function listQueue(io: Io, url: string, json: boolean): Promise<number> {
  const { listLetters } = await import('../../runtime/alibaba/dead-letters.ts');
  const rows: string[][] = [];
  const show = async (letter: DeadLetter): Promise<void> => {
    const { id, attempts, reason, deadAt, message, function: name } = letter;
    const at = Number.isFinite(deadAt) ? new Date(deadAt).toISOString() : '';
    if (json) await printLine(io.stdout, JSON.stringify({ id, function: name, attempts, reason, deadAt: at, message }));
    else rows.push([id, at, name ?? '', attempts === undefined ? '' : plural(attempts, 'attempt'), printable(reason)]);
  };
  await listLetters(await open(io, url), show);
  for (const line of formatTable(rows)) await printLine(io.stdout, line);
  if (!json && rows.length === 0) io.stdout.write('nothing was given up\n');
  return exit.done;
}

/** @param ids all when absent */
export async function changeQueue(
  io: Io,
  url: string,
  verb: 'redrive' | 'drop',
  ids: readonly string[] | undefined,
): Promise<number> {
  const { dropLetters, redriveLetters } = await import('../../runtime/alibaba/dead-letters.ts');
  const queue = await open(io, url);
  const count =
    verb === 'drop' ? await dropLetters(queue, ids) : await redriveLetters(queue, await invoker(io, url), ids);
  io.stdout.write(`${plural(count, 'letter')} ${verb === 'redrive' ? 'sent again' : 'dropped'}\n`);
  return ids && count < ids.length ? exit.someFailed : exit.done;
}

async function invoker({ env }: Io, url: string) {
  const region = /\.mns\.([a-z0-9-]+?)(?:-internal)?(?:-vpc)?\.aliyuncs\.com$/.exec(new URL(url).hostname)?.[1];
  const endpoint = env['FERRY_FC_ENDPOINT'] || (region && `https://fcv3.${region}.aliyuncs.com`);
  if (!endpoint)
    throw new UsageError(`--queue ${url} names no region: set FERRY_FC_ENDPOINT to Function Compute's address.`);
  const { Invoker } = await import('../../queue/fc/invoke.ts');
  return new Invoker({ endpoint, keys: alibabaKeys(env), clock: systemClock, random: Math.random });
}
