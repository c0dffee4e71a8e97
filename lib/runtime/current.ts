import { cleanProcessEnvironment } from '../config/environment.ts';
import { GiveUp } from '../copy/model/errors.ts';
import type { Runtime } from './shared/runtime.ts';

export type Platform = 'embedded' | 'aws' | 'alibaba';

/** Lazy, so that a function loads what its own platform needs only. */
const openers: Partial<Record<Platform, () => Promise<Runtime>>> = {
  aws: async () => (await import('./aws/open.ts')).openAws(),
};

let opened: Promise<Runtime> | undefined;

/** By the variables that the platforms themselves set. */
export function platformOf(env: Readonly<Record<string, string | undefined>>): Platform {
  if (env['AWS_LAMBDA_FUNCTION_NAME']) return 'aws';
  if (env['FC_FUNCTION_NAME'] || env['FC_INSTANCE_ID']) return 'alibaba';
  return 'embedded';
}

/**
 * The runtime of this process, opened at the first call; clients and settings only, so that it can be kept between
 * invocations.
 *
 * @throws GiveUp Unsupported when this build has no runtime for the platform. A failed opening is tried again.
 */
export async function runtime(): Promise<Runtime> {
  opened ??= open();
  try {
    return await opened;
  } catch (error) {
    opened = undefined;
    throw error;
  }
}

async function open(): Promise<Runtime> {
  cleanProcessEnvironment();
  const platform = platformOf(process.env);
  const opener = openers[platform];
  if (!opener) throw new GiveUp('Unsupported', `This build has no runtime for the platform '${platform}'.`);
  return await opener();
}
