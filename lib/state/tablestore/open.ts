/**
 * The state of the engine in one Tablestore table, by a client of our own, because Alibaba's SDK is nearly forty times as large
 * (794 KB to 21 KB), which each cold start would load, and does not decode errors. The SDK serves the tests alone:
 * `test/unit/state/tablestore-bytes.test.ts` compares every request with it.
 */
import { GiveUp } from '../../copy/model/errors.ts';
import type { Clock, SharedRecords, StateTable } from '../../copy/model/ports.ts';
import type { ClientOptions } from '../tablestore-client/client.ts';
import { TablestoreClient } from '../tablestore-client/client.ts';
import { TablestoreJobs } from './jobs.ts';
import { purgeExpired } from './purge.ts';
import { TablestoreSharedRecords } from './shared.ts';

export type { TablestoreCredentials } from '../tablestore-client/sign.ts';

/** `clock`: the system's, unless another is given. The table's shape is in `schema.ts`. */
export type TablestoreOptions = Omit<ClientOptions, 'clock'> & { clock?: Clock };

export interface TablestoreState {
  state: StateTable;
  shared: SharedRecords;
  /** Deletes rows whose time has come, at most `limit` (1,000). Returns how many. To be called by the sweep. */
  purge(limit?: number): Promise<number>;
  /** Waits for the calls that are under way. */
  close(): Promise<void>;
}

const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/**
 * Connects to nothing before the first call. Every method throws only RetryLater and GiveUp: StateUnusable for what people have
 * to mend (rights, a missing table), which says nothing about a job and ends none.
 * @throws GiveUp BadRequest when the endpoint is no http(s) URL, or the name of the table none of Tablestore.
 */
export function openTablestore(options: TablestoreOptions): TablestoreState {
  const { endpoint, table, clock = systemClock } = options;
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    throw new GiveUp(
      'BadRequest',
      `The Tablestore endpoint must be a URL such as https://NAME.cn-hangzhou.vpc.tablestore.aliyuncs.com, not '${endpoint}'.`,
    );
  if (!/^[A-Za-z_]\w{0,199}$/.test(table))
    throw new GiveUp(
      'BadRequest',
      `The name of a Tablestore table has letters, digits and _, and does not begin with a digit: not '${table}'.`,
    );
  const client = new TablestoreClient({ ...options, clock });
  const place = { client, table, clock };
  return {
    state: new TablestoreJobs(place),
    shared: new TablestoreSharedRecords(place),
    purge: (limit = 1_000) => purgeExpired(place, limit),
    close: () => client.close(),
  };
}
