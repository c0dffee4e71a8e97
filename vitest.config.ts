import { defineConfig } from 'vitest/config';
import { QuickFirst } from './test/quick-first.ts';

const project = (name: string, testTimeout: number, extra: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout, ...extra },
});

export default defineConfig({
  test: {
    sequence: { sequencer: QuickFirst },
    // Many tests wait for a server or a process of their own, so one file per core keeps the machine busy; vitest's default
    // leaves a core unused, which is half of a small machine.
    maxWorkers: '100%',
    projects: [
      // Only ends a test that hangs: a busy machine may take long over a test with many examples.
      // Unit tests share the modules of one process per core: reading them anew for each file took most of the time.
      project('unit', 300_000, { setupFiles: ['test/unit/no-network.ts'], isolate: false }),
      project('contract', 300_000, { isolate: false }),
      // What callers and senders of events may try, by kind.
      project('security', 300_000, { isolate: false }),
      project('simulation', 300_000),
      // Real servers are heavy and shared: one file at a time.
      project('real', 900_000, { fileParallelism: false, globalSetup: ['test/real/setup.ts'] }),
    ],
  },
});
