/** The contracts of the state table and of shared records, on Tablestore: undisturbed, and under each kind of trouble. */
import type { Clock, StateTable } from '../../../lib/copy/model/ports.ts';
import type { Fault } from '../../ots-twin/faults.ts';
import type { OtsTwinOptions } from '../../ots-twin/start.ts';
import { sharedRecordsContract } from './shared-suite.ts';
import { stateTableContract } from './suite.ts';
import { clockMovedBySleep, tablestoreRig } from './tablestore-rig.ts';

/** Each request is struck by each of these at most once, so that no call runs out of attempts. */
const busy: Fault[] = (['OTSServerBusy', 'OTSRowOperationConflict', 'OTSPartitionUnavailable'] as const).map(
  (what) => ({ what, share: 0.3, perRequest: 1 }),
);

/** What a lost answer of `count` does is a test of its own: the parts may be counted twice. */
const lost: Fault[] = [
  { operation: 'PutRow', what: 'lost-answer', share: 0.2, perRequest: 1 },
  { operation: 'PutRow', what: 'late', share: 0.1, perRequest: 1 },
  { operation: 'UpdateRow', what: 'lost-answer', share: 0.2, sparesCounters: true, perRequest: 1 },
  { operation: 'UpdateRow', what: 'late', share: 0.1, sparesCounters: true, perRequest: 1 },
  { operation: 'UpdateRow', what: 'lost-request', share: 0.1, perRequest: 1 },
  { operation: 'GetRow', what: 'lost-answer', share: 0.05, perRequest: 1 },
  { operation: 'GetRange', what: 'lost-request', share: 0.05, perRequest: 1 },
  { operation: 'BatchGetRow', what: 'OTSTimeout', share: 0.05, perRequest: 1 },
];

function contracts(name: string, faults: readonly Fault[], options: OtsTwinOptions = {}): void {
  stateTableContract(`tablestore, ${name}`, async () => {
    const clock = clockMovedBySleep();
    const rig = await tablestoreRig(clock, options);
    for (const fault of faults) rig.twin.faults.add(fault);
    const settled = options.indexLagMs === undefined ? rig.state : seenByIndex(rig.state, clock, 200);
    return { table: settled, reopen: async () => rig.another().state, close: rig.close };
  });

  // No index holds what these are read by.
  if (options.indexLagMs !== undefined) return;
  sharedRecordsContract(`tablestore, ${name}`, async (clock) => {
    // The suite's clock stands; the twin's goes on while the adapter waits.
    let waited = 0;
    const sleep = async (ms: number): Promise<void> => void (waited += ms);
    const now = (): number => clock.now() + waited;
    const rig = await tablestoreRig({ ...clock, now: () => clock.now(), sleep }, { ...options, now });
    for (const fault of faults) rig.twin.faults.add(fault);
    return { records: rig.shared, reopen: async () => rig.another().shared, close: rig.close };
  });
}

contracts('undisturbed', []);
contracts('busy', busy);
contracts('with lost answers', lost);
contracts('with indexes 200 ms behind', [], { indexLagMs: 200 });
contracts('with old entries that stay in the index', [], { indexLagMs: { additionsMs: 200, removalsMs: 400 } });
contracts('throttled', [], { requestsPerSecond: 40 });

/**
 * A new row is in the index when the time of its lag has passed. What a move or a report has changed is not: `due` must say at
 * once that a row was postponed.
 */
function seenByIndex(table: StateTable, clock: Clock & { at: number }, lagMs: number): StateTable {
  return {
    create: async (job) => {
      const created = await table.create(job);
      clock.at += lagMs;
      return created;
    },
    get: (id) => table.get(id),
    move: (job, change) => table.move(job, change),
    count: (id, parts, attentionAt) => table.count(id, parts, attentionAt),
    due: (before, limit) => table.due(before, limit),
    list: (query) => table.list(query),
  };
}
