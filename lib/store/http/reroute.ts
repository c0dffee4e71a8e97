import type { CallOptions } from '../../copy/model/ports.ts';
import type { Failure } from '../answers/answer.ts';
import { meaningOf } from '../answers/errors.ts';
import type { Credentials } from '../sign/credentials.ts';
import type { Call } from './call.ts';
import type { Caller } from './caller.ts';
import { buildRequest } from './request.ts';
import type { Route } from './routes.ts';
import { exchange } from './transport.ts';

/** How long a store may take to say where a bucket is, milliseconds. */
const askFor = 10_000;

/**
 * Learns from a refusal in which region the bucket is. True when the call should be sent again at once, which happens once per
 * call: a store that contradicts itself must not keep a call going.
 *
 * Only the region is taken from the answer. The host for it is the vendor's own, or the configured one: a host that an answer
 * names would get the credentials.
 */
export async function reroute(
  caller: Caller,
  call: Call,
  failure: Failure,
  used: { route: Route; credentials: Credentials },
  corrected: { region: boolean },
  options: CallOptions | undefined,
): Promise<boolean> {
  const { bucket } = call;
  if (corrected.region || bucket === undefined || call.operation === 'CreateBucket') return false;
  if (!pointsElsewhere(caller, call, failure)) return false;
  const { region } = used.route.addressing;
  // A call beside this one may have learned it since.
  const isKnown = caller.routes.of(call).addressing.region !== region;
  const told = isKnown ? undefined : (failure.region ?? (await askBucket(caller, call, used, options)));
  if (!isKnown && (told === undefined || told === region || !caller.routes.learn(bucket, told))) return false;
  corrected.region = true;
  caller.log?.debug('a bucket is in another region; the call is sent there', {
    bucket,
    region: caller.routes.of(call).addressing.region,
    instead: region,
  });
  return true;
}

function pointsElsewhere({ dialect }: Caller, call: Call, failure: Failure): boolean {
  const redirected = failure.status >= 301 && failure.status <= 308 && failure.status !== 304;
  return redirected || meaningOf(failure, call, dialect) === 'WrongEndpoint';
}

/** A redirect that names no region: HEAD of the bucket does, whether it is allowed or not. */
async function askBucket(
  caller: Caller,
  { bucket, operation }: Call,
  { route, credentials }: { route: Route; credentials: Credentials },
  options: CallOptions | undefined,
): Promise<string | undefined> {
  const { dialect, clock, skew } = caller;
  const { bucketRegion } = dialect.headers;
  if (bucketRegion === undefined || operation === 'HeadBucket') return undefined;
  const call: Call = { operation: 'HeadBucket', method: 'HEAD', bucket };
  const { addressing, signer } = route;
  const wire = buildRequest(call, dialect, addressing, signer, credentials, clock.now() + skew.offset, caller.always);
  options?.onRequest?.(call.operation);
  try {
    return (await exchange(caller.transport, call, wire, 1, askFor)).headers[bucketRegion];
  } catch {
    // The refusal that led here says more than that.
    return undefined;
  }
}
