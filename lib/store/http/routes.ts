import { readAccessPoint } from '../../copy/plan/access-point.ts';
import { GiveUp } from '../../copy/model/errors.ts';
import type { SignerConstants } from '../sign/sign.ts';
import { Signer } from '../sign/sign.ts';
import type { Addressing } from './addressing.ts';
import type { Call } from './call.ts';

/** How the buckets of one region are reached: where requests go, and for which region they are signed. */
export interface Route {
  addressing: Addressing;
  signer: Signer;
}

/** Says nothing about where the bucket is: any endpoint answers the one, and the other makes the bucket. */
const tellsNothing = new Set<Call['operation']>(['GetBucketLocation', 'CreateBucket']);

/**
 * The regions of the buckets of one store. A bucket is looked for in the configured region until the store says that it is
 * elsewhere, and then there for as long as the process lives.
 */
export class Routes {
  readonly home: Route;
  /** Where the store was asked outright. */
  readonly asked = new Map<string, Promise<string | undefined>>();
  readonly #constants: SignerConstants;
  readonly #byRegion = new Map<string, Route>();
  /** Where the store says that a bucket is. */
  readonly #learned = new Map<string, Route>();
  /** Where the store says that a bucket is which this endpoint does not lead to. */
  readonly #unreachable = new Map<string, string>();
  /** For which region the last request that a bucket served was signed. */
  readonly #served = new Map<string, string>();
  #checksRegion: boolean;

  constructor(constants: SignerConstants, home: Addressing) {
    this.#constants = constants;
    this.home = { addressing: home, signer: new Signer(constants, home.region) };
    this.#byRegion.set(home.region, this.home);
    this.#checksRegion = home.checksRegion;
  }

  /** A call about the account, or one that makes a bucket, goes where the configuration says. */
  of({ operation, bucket }: { operation?: Call['operation']; bucket?: string | undefined }): Route {
    const known = operation !== 'CreateBucket' && bucket !== undefined;
    const point = known && !this.#learned.has(bucket) ? readAccessPoint(bucket) : undefined;
    if (point && point.region !== this.home.addressing.region && !this.learn(bucket ?? '', point.region)) {
      throw new GiveUp(
        'WrongEndpoint',
        `The access point ${bucket} is in ${point.region}, which the endpoint does not lead to; give --region ${point.region}, and an endpoint that leads there or none.`,
      );
    }
    return (known ? this.#learned.get(bucket) : undefined) ?? this.home;
  }

  /** False where the endpoint does not lead to that region; requests go on as before then. */
  learn(bucket: string, region: string): boolean {
    let route = this.#byRegion.get(region);
    if (!route) {
      const addressing = this.home.addressing.elsewhere(region);
      if (!addressing) {
        if (/^[a-z0-9-]{1,64}$/i.test(region)) this.#unreachable.set(bucket, region);
        return false;
      }
      route = { addressing, signer: new Signer(this.#constants, region) };
      this.#byRegion.set(region, route);
    }
    this.#learned.set(bucket, route);
    // A store that knows the region of one bucket has looked at the region of every request.
    this.#checksRegion = true;
    return true;
  }

  /** The bucket has done what it was asked for. */
  served({ operation, bucket }: Pick<Call, 'operation' | 'bucket'>, { addressing }: Route): void {
    if (bucket === undefined) return;
    if (operation === 'CreateBucket') this.#forget(bucket);
    if (!tellsNothing.has(operation)) this.#served.set(bucket, addressing.region);
  }

  /** A new bucket may have the name of one that is gone. */
  #forget(bucket: string): void {
    for (const known of [this.#learned, this.#unreachable, this.#served, this.asked]) known.delete(bucket);
  }

  /** Where a bucket is, as far as answers up to now prove it. */
  regionOf(bucket: string): string | undefined {
    return this.#checksRegion ? (this.#served.get(bucket) ?? this.#unreachable.get(bucket)) : undefined;
  }
}
