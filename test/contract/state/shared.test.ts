import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateDatabase } from '../../../lib/state/database.ts';
import { EmbeddedSharedRecords } from '../../../lib/state/embedded-shared.ts';
import { ModelShared } from '../../simulation/model/shared.ts';
import { sharedRecordsContract } from './shared-suite.ts';

sharedRecordsContract('embedded', async (clock) => {
  const home = mkdtempSync(join(tmpdir(), 'ferry-shared-'));
  let database = StateDatabase.openIn(home);
  const records = new EmbeddedSharedRecords(database, clock);
  return {
    records,
    reopen: async () => {
      database.close();
      database = StateDatabase.openIn(home);
      return new EmbeddedSharedRecords(database, clock);
    },
    purge: () => records.purge(),
    close: async () => {
      database.close();
      rmSync(home, { recursive: true });
    },
  };
});

sharedRecordsContract("the simulation's model", async (clock) => ({
  records: new ModelShared(() => clock.now()).port(),
}));
