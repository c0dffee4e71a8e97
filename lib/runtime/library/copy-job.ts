import { GiveUp } from '../../copy/model/errors.ts';
import { isFinal, type Job } from '../../copy/model/job.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import type { CopyRequest, Mode } from '../../copy/model/request.ts';
import type { CopyResult } from '../../copy/model/result.ts';
import { openEngine, type Engine, type EngineOptions } from './engine.ts';
import { requestOf, type CallInput, type ChangeInput, type CopyInput, type Progress } from './input.ts';
import { ProgressFeed } from './progress-feed.ts';

/** What a copy came to, and what it took. */
export interface Copied extends CopyResult {
  /** Requests to the store by operation, retries included; of a job that was resumed, those since then. */
  calls: Record<string, number>;
  /** Milliseconds; of a job that was resumed, since then. */
  ms: number;
}

/** Where a job stands: JSON, to be kept anywhere. It holds no keys and no bytes of the object. */
export interface Checkpoint {
  version: 1;
  request: CopyRequest;
  /** Absent while nothing was begun that another process could take up. */
  job?: Job;
}

/** `run` was ended by `stop`; what was copied is kept for `CopyJob.resume`. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** What is to be done in the store at this address. */
type Begin = (address: StoreAddress) => { request: CopyRequest; job?: Job };

/**
 * One copy, move or change that can be watched, stopped, and taken up by another process.
 *
 * ```ts
 * const job = new CopyJob({ store, source: 's3://a/big', destination: 's3://b/big' });
 * const copied = job.run();
 * for await (const { bytesDone, size } of job) console.log(bytesDone / size);
 * const { etag, verifiedBy, lost } = await copied;
 * ```
 */
export class CopyJob implements AsyncIterable<Progress> {
  readonly #input: CallInput & EngineOptions;
  readonly #feed = new ProgressFeed();
  readonly #stop = new AbortController();
  #begin: Begin;
  #running?: Promise<Copied>;
  #work?: { engine: Engine; request: CopyRequest };

  /** @param mode what becomes of the source: `rename` removes it after the copy was verified; default `copy` */
  constructor(input: (CopyInput | ChangeInput) & EngineOptions, mode: Exclude<Mode, 'replicate'> = 'copy') {
    const { settings: _settings, onRequest: _onRequest, log: _log, ...given } = input;
    this.#input = input;
    this.#begin = (address) => ({ request: requestOf(mode, address, given) });
  }

  /**
   * Goes on where `checkpoint` left off: no part that the store has is copied again. The checkpoint decides what is copied, so it
   * must come from a place that others cannot write to.
   *
   * @throws GiveUp BadRequest for what is no checkpoint.
   */
  static resume(checkpoint: Checkpoint, input: CallInput & EngineOptions): CopyJob {
    const { version, request, job } = checkpoint ?? {};
    if (version !== 1 || !request?.source?.key || !request.destination?.key || !request.store) {
      throw new GiveUp('BadRequest', 'This is no checkpoint of a CopyJob: give what its checkpoint() returned.');
    }
    const resumed = new CopyJob({ ...input, source: request.source, destination: request.destination });
    resumed.#begin = (store) => {
      const [was, is] = [placeOf(request.store), placeOf(store)];
      if (was !== is) throw new GiveUp('BadRequest', `The checkpoint is of ${was}, and the store given is ${is}.`);
      return { request: { ...request, store }, ...(job && { job }) };
    };
    return resumed;
  }

  /**
   * Runs it to its end; a second call gives the same promise.
   *
   * @throws CopyError, whose `decision` says what can be done about it; the reason of `signal`; Stopped.
   */
  run(): Promise<Copied> {
    return (this.#running ??= this.#run());
  }

  /** Ends `run` without undoing anything. Returns where the job stands once nothing of it is under way any more. */
  async stop(): Promise<Checkpoint | undefined> {
    this.#stop.abort();
    await this.#running?.catch(() => {});
    return this.checkpoint();
  }

  /** Where the job stands now; undefined before `run` has reached the store. */
  checkpoint(): Checkpoint | undefined {
    if (!this.#work) return undefined;
    const { engine, request } = this.#work;
    const job = engine.job();
    // A final row would give its answer again, and not the copy.
    return { version: 1, request, ...(job && !isFinal(job.state) && { job }) };
  }

  /** The progress from now to the end. A slow reader misses what is between. */
  [Symbol.asyncIterator](): AsyncIterator<Progress> {
    return this.#feed.read();
  }

  async #run(): Promise<Copied> {
    const { store, signal, onProgress, onRequest, ...options } = this.#input;
    const began = performance.now();
    const calls: Record<string, number> = {};
    let requests = 0;
    let engine: Engine | undefined;
    try {
      signal?.throwIfAborted();
      engine = await openEngine(store, {
        ...options,
        onRequest(operation) {
          calls[operation] = (calls[operation] ?? 0) + 1;
          requests += 1;
          onRequest?.(operation);
        },
      });
      const { request, job } = this.#begin(engine.address);
      this.#work = { engine, request };
      const watch = {
        signal: AbortSignal.any([this.#stop.signal, ...(signal ? [signal] : [])]),
        onProgress: ({ state, bytesDone, size, partsDone, parts }: Omit<Progress, 'requests'>) => {
          const progress = { state, bytesDone, size, partsDone, parts, requests };
          this.#feed.put(progress);
          onProgress?.(progress);
        },
      };
      const { result } = job ? await engine.takeUp(job, watch) : await engine.run(request, watch);
      return { ...result, calls, ms: Math.round(performance.now() - began) };
    } catch (error) {
      if (signal?.aborted) {
        await engine?.drop();
        throw signal.reason;
      }
      if (this.#stop.signal.aborted)
        throw new Stopped('The job was stopped; CopyJob.resume goes on with its checkpoint.');
      throw error;
    } finally {
      this.#feed.end();
      await engine?.close();
    }
  }
}

function placeOf({ scheme, endpoint, region }: StoreAddress): string {
  return `${scheme}:// at ${endpoint ?? 'the vendor'} in ${region ?? 'no region'}`;
}
