/** Runs command lines and reads what they report of each object. */
import { PassThrough } from 'node:stream';
import { ferry } from '../../../lib/cli/program.ts';
import type { Server } from './wire.ts';

/** One document of `--json`: of an object, a plan or a batch. */
export interface Document {
  id?: string;
  status?: string;
  /** In a report of a batch; elsewhere `source` tells. */
  key?: string;
  source?: string;
  way?: string;
  /** Of the destination. */
  etag?: string;
  verifiedBy?: string;
  lost?: { what: string }[];
  /** What a copy leaves out unless asked to keep it. */
  notKept?: string[];
  differences?: { what: string; wanted?: string; got?: string }[];
  /** Of a batch. */
  summary?: { notKept?: string[] };
  error?: { code: string; message: string };
}

export interface Outcome {
  code: number | null;
  documents: Document[];
  /** Everything it wrote, for messages. */
  text: string;
}

export type Run = (...args: string[]) => Promise<Outcome>;

/** The variables that lead `ferry` to this store and a state folder. */
export function environment(server: Server, home: string): Record<string, string> {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  return {
    ...{ FERRY_HOME: `${home}/state`, HOME: home, PATH: process.env['PATH'] ?? '' },
    ...(server.scheme === 's3'
      ? { AWS_ENDPOINT_URL_S3: endpoint, AWS_REGION: region }
      : { OSS_ENDPOINT: endpoint, OSS_REGION: region }),
    ...(server.scheme === 's3'
      ? { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
      : { OSS_ACCESS_KEY_ID: accessKeyId, OSS_ACCESS_KEY_SECRET: secretAccessKey }),
  };
}

/** The command line in this process: a hundred of them cost no hundred starts. */
export function runHere(env: Record<string, string>): Run {
  return async (...args) => {
    const [stdout, stderr] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })];
    let [output, errors] = ['', ''];
    stdout.on('data', (chunk: string) => (output += chunk));
    stderr.on('data', (chunk: string) => (errors += chunk));
    const code = await ferry(args, { stdout, stderr, env });
    return { code, documents: documents(output), text: output + errors };
  };
}

export function documents(output: string): Document[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as Document);
}
