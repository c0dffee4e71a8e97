import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CopyError, GiveUp, RetryLater } from '../../copy/model/errors.ts';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** Epoch milliseconds; absent for keys that do not expire. */
  expiresAt?: number;
}

/** Finds credentials. With `refresh` it must not answer from a cache: the store has refused what it gave before. */
export type CredentialsProvider = (options?: { refresh?: boolean }) => Promise<Credentials>;

export interface CredentialsPlace {
  env: Readonly<Record<string, string | undefined>>;
  /** Home directory. */
  home: string;
}

/** Credentials are renewed this long before they expire, so that none runs out under way. Milliseconds. */
const margin = 300_000;

/**
 * Looks where people already keep credentials. Nothing is read before the first call.
 *
 * - `s3`: the environment, else the AWS provider chain (profile, SSO, container, instance role).
 * - `oss`: `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET`, `OSS_SESSION_TOKEN`; else `~/.ossutilconfig`; else Alibaba
 *   Cloud's chain (environment, profile, RAM role, OIDC).
 */
export function credentialsFor(scheme: 'oss' | 's3', place: CredentialsPlace): CredentialsProvider {
  const find = scheme === 's3' ? awsFinder(place) : ossFinder(place);
  return cached(find);
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

function awsFinder({ env }: CredentialsPlace): CredentialsProvider {
  let chain: ((options?: { forceRefresh?: boolean }) => Promise<AwsIdentity>) | undefined;
  return async (options) => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE } = env;
    // As in the chain, a named profile goes first. Read here, the usual case in a function needs no SDK.
    if (AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY && !AWS_PROFILE) {
      return plain(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN);
    }
    if (!chain) {
      const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
      chain = defaultProvider();
    }
    const identity = await chain({ forceRefresh: options?.refresh ?? false });
    const credentials = plain(identity.accessKeyId, identity.secretAccessKey, identity.sessionToken);
    return identity.expiration ? { ...credentials, expiresAt: identity.expiration.getTime() } : credentials;
  };
}

interface AwsIdentity {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

function ossFinder({ env, home }: CredentialsPlace): CredentialsProvider {
  let chain: AlibabaChain | undefined;
  return async (options) => {
    const { OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET, OSS_SESSION_TOKEN } = env;
    if (OSS_ACCESS_KEY_ID && OSS_ACCESS_KEY_SECRET) {
      return plain(OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET, OSS_SESSION_TOKEN);
    }
    const filed = await fromOssutil(join(home, '.ossutilconfig'));
    if (filed) return filed;
    if (!chain || options?.refresh) chain = await alibabaChain();
    try {
      const { accessKeyId, accessKeySecret, securityToken } = await chain.getCredentials();
      const found = plain(accessKeyId, accessKeySecret, securityToken);
      return securityToken ? { ...found, expiresAt: Date.now() + shortLife } : found;
    } catch (error) {
      // The chain would stay with whichever provider it tried last.
      chain = undefined;
      // What each provider of the chain has to say fills a screen; it is kept as the cause.
      throw new Error('set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET, or run "ossutil config".', { cause: error });
    }
  };
}

/** The chain renews by itself and does not tell when; asking it this often costs nothing. Milliseconds. */
const shortLife = margin + 60_000;

interface AlibabaChain {
  getCredentials(): Promise<{ accessKeyId: string; accessKeySecret: string; securityToken?: string }>;
}

async function alibabaChain(): Promise<AlibabaChain> {
  const { DefaultCredentialsProvider } = await import('@alicloud/credentials');
  return DefaultCredentialsProvider.builder().build();
}

async function fromOssutil(path: string): Promise<Credentials | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new GiveUp('InvalidCredentials', `${path} cannot be read; check its permissions.`, { cause: error });
  }
  return parseOssutil(text);
}

/** Section `[Credentials]` of an ossutil configuration file; undefined when it holds no key pair. */
export function parseOssutil(text: string): Credentials | undefined {
  const found: Record<string, string> = {};
  let section = '';
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[([^\]]*)\]\s*$/.exec(line)?.[1];
    const pair = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line);
    if (header !== undefined) section = header.trim().toLowerCase();
    else if (pair?.[1] && section === 'credentials') found[pair[1].toLowerCase()] = pair[2] ?? '';
  }
  const { accesskeyid, accesskeysecret, ststoken } = found;
  return accesskeyid && accesskeysecret ? plain(accesskeyid, accesskeysecret, ststoken) : undefined;
}

function plain(accessKeyId: string, secretAccessKey: string, sessionToken?: string): Credentials {
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}
