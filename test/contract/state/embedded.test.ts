import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateDatabase } from '../../../lib/state/database.ts';
import { EmbeddedStateTable } from '../../../lib/state/embedded.ts';
import { stateTableContract } from './suite.ts';

const clock = { now: () => Date.now(), sleep: async () => {} };

stateTableContract('embedded', async () => {
  const home = mkdtempSync(join(tmpdir(), 'ferry-state-'));
  let database = StateDatabase.openIn(home);
  return {
    table: new EmbeddedStateTable(database, { clock, owner: 'tests' }),
    reopen: async () => {
      database.close();
      database = StateDatabase.openIn(home);
      return new EmbeddedStateTable(database, { clock });
    },
    close: async () => {
      database.close();
      rmSync(home, { recursive: true });
    },
  };
});
