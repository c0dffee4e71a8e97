import { MemorySharedRecords, MemoryStateTable } from '../../../lib/state/memory.ts';
import { sharedRecordsContract } from './shared-suite.ts';
import { stateTableContract } from './suite.ts';

const clock = { now: () => Date.now(), sleep: async () => {} };

stateTableContract('memory', async () => ({ table: new MemoryStateTable(clock) }));
sharedRecordsContract('memory', async (its) => ({ records: new MemorySharedRecords(its) }));
