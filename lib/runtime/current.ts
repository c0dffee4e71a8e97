import { cleanProcessEnvironment } from '../config/environment.ts';
import { GiveUp } from '../copy/model/errors.ts';
import type { PlatformContext } from './middleware/context.ts';
import type { Runtime } from './shared/runtime.ts';

export type Platform = 'embedded' | 'aws' | 'alibaba';

interface Opened {
  runtime: Runtime;
  /** Called with each invocation first, where the platform sends new credentials with each of them. */
  keepCredentials?(context: PlatformContext): void;
}

/** Lazy, so that a function loads what its own platform needs only; the build leaves out what other platforms need. */
const openers: Partial<Record<Platform, () => Promise<Opened>>> = {
  aws: async () => ({ runtime: await (await import('./aws/open.ts')).openAws() }),
  alibaba: async () => await (await import('./alibaba/open.ts')).openAlibaba(),
};

let opening: Promise<Opened> | undefined;

/** By the variables that the platforms themselves set. */
export function platformOf(env: Readonly<Record<string, string | undefined>>): Platform {
  if (env['AWS_LAMBDA_FUNCTION_NAME']) return 'aws';
  if (env['FC_FUNCTION_NAME'] || env['FC_INSTANCE_ID']) return 'alibaba';
  return 'embedded';
}

/**
 * The runtime of this process, opened at the first call; clients, settings and the credentials of the function's role only, so
 * that it can be kept between invocations.
 *
 * @throws GiveUp Unsupported when this build has no runtime for the platform. A failed opening is tried again.
 */
export async function runtime(context: PlatformContext): Promise<Runtime> {
  opening ??= open();
  try {
    const opened = await opening;
    opened.keepCredentials?.(context);
    return opened.runtime;
  } catch (error) {
    opening = undefined;
    throw error;
  }
}

async function open(): Promise<Opened> {
  cleanProcessEnvironment();
  const platform = platformOf(process.env);
  const opener = openers[platform];
  if (!opener) throw new GiveUp('Unsupported', `This build has no runtime for the platform '${platform}'.`);
  return await opener();
}
