/** The store of a caller of the library: described in words, or taken over from a client that the caller has already. */
import type { Dispatcher } from 'undici';
import { GiveUp } from '../../copy/model/errors.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { Credentials, StoreConfig } from '../../store/open.ts';
import { margin } from '../../store/sign/key-pair.ts';

/** Keys, or what gives them: asked again shortly before `expiresAt`; keys without that are asked for once. */
export type Keys = Credentials | (() => Promise<Credentials>);

/** A store in words. `endpoint` is a base URL; absent: the vendor's own endpoint of the region. */
export interface StoreDescription extends Pick<StoreAddress, 'scheme' | 'endpoint' | 'region' | 'requestPayer'> {
  credentials: Keys;
  /** How a bucket is named in requests; default `auto`. */
  addressing?: 'auto' | 'virtual' | 'path';
  /** The endpoint is a custom domain that is bound to one bucket. */
  cname?: boolean;
  /** Use the vendor's endpoint inside its own network. */
  internal?: boolean;
  /** Sends the requests in place of a pool of our own: a proxy, for example. It is not closed. */
  dispatcher?: Dispatcher;
  /** Requests in flight at most; default 64. */
  maxConcurrency?: number;
  /** Tries of one request, the first included. */
  maxAttempts?: number;
}

type Given<Value> = Value | (() => Value | Promise<Value>);

/** What we read of an `S3Client` of `@aws-sdk/client-s3`: its resolved configuration. */
export interface S3ClientLike {
  config: {
    region: Given<string>;
    credentials: Given<{ accessKeyId: string; secretAccessKey: string; sessionToken?: string; expiration?: Date }>;
    endpoint?: Given<{ protocol: string; hostname: string; port?: number; path: string }>;
    forcePathStyle?: Given<boolean | undefined>;
    useFipsEndpoint?: Given<boolean | undefined>;
    useDualstackEndpoint?: Given<boolean | undefined>;
    maxAttempts?: Given<number>;
  };
}

/** What we read of a client of `ali-oss`: the options that it was made with. */
export interface AliOssLike {
  options: {
    accessKeyId: string;
    accessKeySecret: string;
    stsToken?: string | null;
    /** `oss-cn-hangzhou`. */
    region?: string;
    /** Host or URL; the client itself makes an object of it. */
    endpoint?: string | { href: string } | null;
    internal?: boolean;
    secure?: boolean;
    cname?: boolean;
  };
}

export type StoreGiven = StoreDescription | S3ClientLike | AliOssLike;

type Opened = Omit<StoreConfig, 'clock' | 'random' | 'log' | 'onRequest'>;

/** @throws GiveUp BadRequest for what is none of the three, or cannot be used. */
export async function storeConfigOf(store: StoreGiven): Promise<Opened> {
  if (typeof store === 'object' && store !== null) {
    if ('scheme' in store) return described(store);
    if ('config' in store && typeof store.config === 'object') return await ofS3Client(store);
    if ('options' in store && typeof store.options === 'object') return ofAliOss(store);
  }
  throw new GiveUp(
    'BadRequest',
    'store is missing or of no known kind: give an S3Client, a client of ali-oss, or { scheme, region, credentials }.',
  );
}

function described(store: StoreDescription): Opened {
  const { scheme, endpoint, region, requestPayer, credentials, maxAttempts, ...rest } = store;
  if (typeof credentials !== 'function' && !credentials?.accessKeyId)
    throw new GiveUp('BadRequest', 'store.credentials is missing: give keys, or a function that gives them.');
  return {
    ...rest,
    address: { scheme, endpoint, region, ...(requestPayer && { requestPayer }) },
    credentials: typeof credentials === 'function' ? credentials : async () => credentials,
    ...retryOf(maxAttempts),
  };
}

async function ofS3Client({ config }: S3ClientLike): Promise<Opened> {
  const region = await valueOf(config.region);
  const [fips, dual] = [await valueOf(config.useFipsEndpoint), await valueOf(config.useDualstackEndpoint)];
  const own = await valueOf(config.endpoint);
  const endpoint = own
    ? `${own.protocol}//${own.hostname}${own.port === undefined ? '' : `:${own.port}`}${own.path.replace(/\/$/, '')}`
    : fips || dual
      ? `https://s3${fips ? '-fips' : ''}.${dual ? 'dualstack.' : ''}${region}.amazonaws.com`
      : undefined;
  return {
    address: { scheme: 's3', endpoint, region },
    credentials: async () => {
      const { expiration, ...keys } = await valueOf(config.credentials);
      return { ...keys, ...(expiration && { expiresAt: expiration.getTime() }) };
    },
    addressing: (await valueOf(config.forcePathStyle)) ? 'path' : 'auto',
    ...retryOf(config.maxAttempts && (await valueOf(config.maxAttempts))),
  };
}

function ofAliOss({ options }: AliOssLike): Opened {
  const { region, endpoint, internal, secure, cname } = options;
  const text = typeof endpoint === 'string' ? endpoint : endpoint?.href.replace(/\/$/, '');
  const url = text && (/^https?:\/\//.test(text) ? text : `${secure ? 'https' : 'http'}://${text}`);
  // The client makes an endpoint of the region by itself; ours does the same, with TLS.
  const isVendors = url === undefined || /\/\/oss-[a-z0-9-]+\.aliyuncs\.com$/.test(url);
  return {
    address: {
      scheme: 'oss',
      region: region?.replace(/^oss-/, ''),
      ...(!(isVendors && region) && { endpoint: url }),
    },
    credentials: async () => ({
      accessKeyId: options.accessKeyId,
      secretAccessKey: options.accessKeySecret,
      // The client refreshes its token in place and does not say when: so it is read anew every minute.
      ...(options.stsToken && { sessionToken: options.stsToken, expiresAt: Date.now() + margin + 60_000 }),
    }),
    ...(cname && { cname }),
    ...(internal && { internal }),
  };
}

async function valueOf<Value>(given: Given<Value> | undefined): Promise<Value> {
  return await (typeof given === 'function' ? (given as () => Value | Promise<Value>)() : (given as Value));
}

function retryOf(attempts: number | undefined): Pick<Opened, 'retry'> {
  return attempts === undefined ? {} : { retry: { attempts } };
}
