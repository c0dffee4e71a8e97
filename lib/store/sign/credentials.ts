import { CopyError, GiveUp, RetryLater } from '../../copy/model/errors.ts';
import type { Credentials, CredentialsPlace, CredentialsProvider } from './key-pair.ts';
import { margin } from './key-pair.ts';

export type { Credentials, CredentialsPlace, CredentialsProvider } from './key-pair.ts';

/**
 * Looks where people already keep credentials. Nothing is read before the first call.
 *
 * - `s3`: a named profile, else the environment, else the AWS provider chain (profile, SSO, container, instance role).
 * - `oss`: a named profile, else `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET`, `OSS_SESSION_TOKEN`; else `~/.ossutilconfig`;
 *   else Alibaba Cloud's chain (environment, profile, RAM role, OIDC).
 */
export function credentialsFor(scheme: 'oss' | 's3', place: CredentialsPlace): CredentialsProvider {
  let find: CredentialsProvider | undefined;
  return cached(async (options) => {
    find ??=
      scheme === 's3' ? (await import('./aws.ts')).awsFinder(place) : (await import('./alibaba.ts')).ossFinder(place);
    return await find(options);
  });
}

/** Keeps what a provider gave until shortly before it expires; concurrent callers share one look. */
export function cached(find: CredentialsProvider, now: () => number = Date.now): CredentialsProvider {
  let held: Credentials | undefined;
  let looking: Promise<Credentials> | undefined;
  const look = async (refresh: boolean): Promise<Credentials> => {
    try {
      held = await find({ refresh });
      return held;
    } catch (error) {
      // The old ones are still good for a while: a hiccup of the provider must not stop the work.
      if (!refresh && held?.expiresAt !== undefined && held.expiresAt > now()) return held;
      throw credentialsError(error);
    } finally {
      looking = undefined;
    }
  };
  return async (options) => {
    const refresh = options?.refresh ?? false;
    const fresh = held && (held.expiresAt === undefined || held.expiresAt - margin > now());
    if (held && fresh && !refresh) return held;
    looking ??= look(refresh);
    return looking;
  };
}

function credentialsError(error: unknown): CopyError {
  if (error instanceof CopyError) return error;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code) && code !== 'ENOENT') {
    return new RetryLater('The credentials provider cannot be reached at the moment; it is tried again later.', {
      cause: error,
    });
  }
  const words = error instanceof Error ? error.message : String(error);
  return new GiveUp('InvalidCredentials', `No credentials found: ${words}`, { cause: error });
}
