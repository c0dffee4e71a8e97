/** One command's hold on the runtime: configuration, state folder, signals, and where lines go. */
import { addressOf, type Config } from '../../config/env.ts';
import { loadConfig, type LoadOptions } from '../../config/load.ts';
import type { StoreAddress } from '../../copy/model/object.ts';
import { humanLog } from '../../log.ts';
import type { Embedded, EmbeddedOptions } from '../../runtime/embedded/open.ts';
import type { RequestInfo, StoreClient } from '../../store/open.ts';
import type { OutputFlags, StoreFlags } from '../input/options.ts';
import { openProgress, type Progress, type ProgressOptions } from '../output/progress.ts';
import { requestLine } from '../output/request.ts';
import { Trouble } from '../output/trouble.ts';
import { complaint } from '../output/result.ts';
import { Interrupted } from '../process/exit.ts';
import type { KeyRules } from './customer-keys.ts';
import type { Io } from '../process/io.ts';
import { catchSignals, neverStopped } from '../process/signals.ts';
import { shellQuote } from '../text/format.ts';

export interface Session {
  readonly io: Io;
  readonly flags: StoreFlags & OutputFlags;
  readonly config: Config;
  readonly runtime: Embedded;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  address(scheme: StoreAddress['scheme']): StoreAddress;
  client(scheme: StoreAddress['scheme']): StoreClient;
  /** Starts the one progress display there may be at a time. */
  progress(options: Omit<ProgressOptions, 'quiet'>): Progress;
  /** Writes a line to stderr, above the progress display if there is one. */
  say(line: string): void;
  /** Says what went wrong, and what the store said about it. */
  complain(error: unknown): void;
}

export interface SessionOptions {
  /**
   * The command only looks: Ctrl-C may end the process at once. `stores`: it looks at stores alone, and needs no state that
   * can be written.
   */
  looks?: boolean | 'stores';
  /** As `loadConfig` read it; by itself the session does that. */
  config?: Config;
  /** Keys of the customer, for the objects of the command. */
  keys?: KeyRules;
  /** Told once for every HTTP request sent. */
  onRequest?: (info: RequestInfo) => void;
  /** Lines of the log that say what the command says in its own words. */
  mutes?: RegExp;
  /** Decide about replicas that are copied again. */
  rules?: EmbeddedOptions['rules'];
}

/**
 * Runs a command on the embedded runtime and leaves nothing open behind it.
 *
 * @throws Interrupted when a signal stopped it; what the command throws.
 */
export async function withSession(
  io: Io,
  flags: StoreFlags & OutputFlags,
  work: (session: Session) => Promise<number>,
  { looks = false, config: given, keys, onRequest, rules, mutes }: SessionOptions = {},
): Promise<number> {
  const config = given ?? (await loadConfig(io.env, configOptions(io, flags)));
  let progress: Progress | undefined;
  const say = (line: string): void => {
    if (progress) progress.log(line);
    else io.stderr.write(`${line}\n`);
  };
  const { openEmbedded } = await import('../../runtime/embedded/open.ts');
  const log = humanLog({ write: (line) => (mutes?.test(line) ? undefined : say(line)), level: config.logLevel });
  const { home, settings } = config;
  const trouble = new Trouble();
  const runtime = await openEmbedded({
    ...{ home, config, settings, env: io.env, log, rules },
    onRequest(info) {
      trouble.note(info);
      onRequest?.(info);
      if (flags.debug) say(requestLine(info));
    },
    looks: looks === 'stores',
  });
  if (!looks) io.outliveReaders?.();
  const stop = looks
    ? neverStopped()
    : catchSignals(() => {
        // The bar must not be drawn again below the line.
        progress?.stop();
        say('stopping; Ctrl-C again stops at once.');
      });
  const address = (scheme: StoreAddress['scheme']) => ({
    ...addressOf(config, scheme),
    ...(keys?.scheme === scheme && { customerKeys: keys.rules }),
  });
  try {
    // What stands against the keys is said before anything is written.
    if (keys) runtime.store(address(keys.scheme));
    return await work({
      io,
      flags,
      config,
      runtime,
      signal: stop.signal,
      address,
      client: (scheme) => runtime.store(address(scheme)),
      say,
      complain: (error) => complaint(io, error).forEach(say),
      progress(wanted) {
        const quiet = flags.quiet || flags.progress === false;
        const opened = openProgress(io, { ...wanted, quiet, trouble: () => trouble.texts() });
        progress = opened;
        return {
          ...opened,
          stop() {
            progress = undefined;
            opened.stop();
          },
        };
      },
    });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    throw await interruption(error, home);
  } finally {
    progress?.stop();
    await runtime.close();
    stop.release();
  }
}

const kept = 'interrupted; what is done is kept.';

async function interruption(error: unknown, home: string): Promise<Interrupted> {
  const { Interrupted: Stopped } = await import('../../runtime/embedded/open.ts');
  const state = `--state ${shellQuote(home)}`;
  if (!(error instanceof Stopped)) return new Interrupted(kept, [`Go on with: ferry resume ${state}`]);
  const { jobId } = error;
  // A copy in one call keeps no job.
  if (jobId === undefined) return new Interrupted('interrupted before it was done; run the command again.');
  return new Interrupted(kept, [
    `Go on with: ferry resume ${jobId} ${state}`,
    `Drop what is left: ferry cancel ${jobId} ${state}`,
  ]);
}

/** The flags that every command has, as configuration; they go before the environment. */
export function configOptions(io: Io, flags: StoreFlags): LoadOptions {
  const { endpointUrl: endpoint, region, addressing, state, profile, requestPayer, debug } = flags;
  const store = { endpoint, region, addressing, requestPayer };
  return {
    home: state,
    profile,
    // People read the result line; the steps on the way are for callers that ask for them.
    logLevel: debug ? 'debug' : io.env['FERRY_LOG_LEVEL'] ? undefined : 'warn',
    alsoKnown: io.knownVariables,
    stores: { oss: store, s3: store },
  };
}
