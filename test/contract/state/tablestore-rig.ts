import type { Clock } from '../../../lib/copy/model/ports.ts';
import type { TablestoreState } from '../../../lib/state/tablestore/open.ts';
import { openTablestore } from '../../../lib/state/tablestore/open.ts';
import { tableDefinition } from '../../../lib/state/tablestore/schema.ts';
import { seededRandom } from '../../../lib/twin/random.ts';
import type { OtsTwin, OtsTwinOptions } from '../../ots-twin/start.ts';
import { startOtsTwin } from '../../ots-twin/start.ts';

/** A clock that only the test moves; a sleep takes no time, and moves it. */
export function clockMovedBySleep(at = 1_750_000_000_000): Clock & { at: number } {
  const clock = {
    at,
    now: () => clock.at,
    sleep: async (ms: number) => {
      clock.at += Math.ceil(ms);
    },
  };
  return clock;
}

export interface TablestoreRig extends TablestoreState {
  twin: OtsTwin;
  /** Another client of the same table. */
  another(): TablestoreState;
}

/** The adapter on a twin; both live by the clock. */
export async function tablestoreRig(clock: Clock, options: OtsTwinOptions = {}): Promise<TablestoreRig> {
  const twin = await startOtsTwin({ tables: [tableDefinition('ferry')], now: () => clock.now(), ...options });
  const clients: TablestoreState[] = [];
  const open = (): TablestoreState => {
    const client = openTablestore({
      ...{ endpoint: twin.endpoint, instance: twin.instance, table: 'ferry', clock },
      credentials: async () => twin.keys,
      random: seededRandom(7),
      // A busy machine is no lost connection.
      timeoutMs: 600_000,
    });
    clients.push(client);
    return client;
  };
  return {
    ...open(),
    twin,
    another: open,
    close: async () => {
      await Promise.all(clients.map((client) => client.close()));
      await twin.close();
    },
  };
}
