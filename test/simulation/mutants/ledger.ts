/** Faults around parts, the counter, the ledger, the lease and Complete. */
import type { Mutant } from './mutant.ts';

export const ledgerMutants: readonly Mutant[] = [
  {
    name: 'parts carry no source pin',
    file: 'copy/copy-parts.ts',
    edits: [{ find: 'sourceIfMatch: pin.etag,', replace: "sourceIfMatch: ''," }],
    caughtBy: ['I1'],
  },
  {
    name: 'the source is not looked at before Complete',
    file: 'copy/finish.ts',
    edits: [
      { find: 'if (!source || !job.pin || !isPinned(job.pin, source)) {', replace: 'if (!source || !job.pin) {' },
    ],
    caughtBy: ['I1'],
  },
  {
    name: 'the source is looked at before the ledger is read',
    file: 'copy/finish.ts',
    edits: [
      {
        find: 'const ledger = await readLedger(store, job, { deadline: invocation.deadline });',
        replace:
          'const early = await headIfThere(store, job.source, { checksum: true }); const ledger = await readLedger(store, job, { deadline: invocation.deadline });',
      },
      {
        find: "invocation, job.state === 'finishing');",
        replace: "invocation, job.state === 'finishing', early);",
      },
      {
        find: '  isSecond: boolean,\n): Promise<void> {\n',
        replace: '  isSecond: boolean,\n  source: ObjectHead | undefined,\n): Promise<void> {\n',
      },
      {
        find: '  const source = await headIfThere(store, job.source, { ...options, checksum: true });\n  if (!ledger)',
        replace: '  if (!ledger)',
      },
    ],
    caughtBy: ['I1'],
  },
  {
    name: 'the counter alone decides that all parts are there',
    file: 'copy/finish.ts',
    edits: [
      { find: '    if (ledger && missingParts(ledger, job).length > 0) return;\n', replace: '' },
      {
        find: '...(checksum && { checksum }) };\n  });',
        replace: "...(checksum && { checksum }) };\n  }).filter((part) => part.etag !== '');",
      },
    ],
    caughtBy: ['I1', 'I4', 'I7'],
  },
  {
    name: 'a range goes one byte too far',
    file: 'copy/plan/plan.ts',
    edits: [
      { find: 'return { first, last: first + run.size - 1 };', replace: 'return { first, last: first + run.size };' },
    ],
    caughtBy: ['I4'],
  },
  {
    name: 'a range stops one byte too early',
    file: 'copy/plan/plan.ts',
    edits: [
      {
        find: 'return { first, last: first + run.size - 1 };',
        replace: 'return { first, last: first + run.size - 2 };',
      },
    ],
    caughtBy: ['I4'],
  },
  {
    name: 'parts are counted before they are in the store',
    file: 'copy/copy-parts.ts',
    edits: [
      {
        find: '      const left = await copyRange(',
        replace: '      await report(world, job, task, task.count);\n      const left = await copyRange(',
      },
      {
        find: '      await report(world, job, task, task.count - left.reduce(',
        replace: '      ((...done: unknown[]) => done)(task.count - left.reduce(',
      },
    ],
    caughtBy: ['I4'],
  },
  {
    name: 'the counter stays one part behind',
    file: 'copy/copy-parts.ts',
    edits: [
      {
        find: 'const total = await world.state.count(job.id, copied, nextLook(world));',
        replace: 'const total = await world.state.count(job.id, Math.max(0, copied - 1), nextLook(world));',
      },
    ],
    caughtBy: ['cost'],
  },
  {
    name: 'the task that brings the counter to its goal does not ask for the finish',
    file: 'copy/copy-parts.ts',
    edits: [{ find: 'total - (job.partsBase ?? 0) >= planned', replace: 'total - (job.partsBase ?? 0) > planned' }],
    caughtBy: ['cost'],
  },
  {
    name: 'late tasks of another upload are not dropped',
    file: 'copy/copy-parts.ts',
    edits: [
      { find: ' || job.uploadId !== task.uploadId) return;\n    const store', replace: ') return;\n    const store' },
    ],
    caughtBy: ['I4'],
  },
  {
    name: 'an unknown upload fails the job right away',
    file: 'copy/copy-parts.ts',
    edits: [
      {
        find: "      if (!gaveUp(error, 'NoSuchUpload')) throw error;",
        replace: '      if (error !== undefined) throw error;',
      },
    ],
    caughtBy: ['I7', 'I2'],
  },
  {
    name: 'finish takes no lease',
    file: 'copy/finish.ts',
    edits: [
      { find: 'const held = await takeLease(world, store, job, ledger, invocation);', replace: 'const held = job;' },
    ],
    caughtBy: ['I4'],
  },
  {
    name: 'a lease that lasts is taken over',
    file: 'copy/finish.ts',
    edits: [
      { find: "row.state === 'finishing' && row.lease && row.lease.until > now", replace: 'row.lease?.until === 0' },
    ],
    caughtBy: ['move'],
  },
  {
    name: 'a lease that has run out is never taken over',
    file: 'copy/finish.ts',
    edits: [{ find: 'row.lease && row.lease.until > now', replace: 'row.lease && now > 0' }],
    caughtBy: ['I7'],
  },
  {
    name: 'a finisher frees the lease of another',
    file: 'copy/finish.ts',
    edits: [
      {
        find: "row?.state !== 'finishing' || row.lease?.holder !== invocation.id",
        replace: "row?.state !== 'finishing'",
      },
    ],
    caughtBy: ['move'],
  },
  {
    name: 'a lost answer to Complete aborts the upload',
    file: 'copy/finish.ts',
    edits: [
      {
        find: "    if (unknown || gaveUp(error, 'NoSuchUpload')) return 'unknown';",
        replace:
          "    if (unknown) await store.abort(job.destination, call.uploadId);\n    if (unknown || gaveUp(error, 'NoSuchUpload')) return 'unknown';",
      },
    ],
    caughtBy: ['I4'],
  },
  {
    name: 'a lost answer to Complete fails the job',
    file: 'copy/finish.ts',
    edits: [
      {
        find: "    if (unknown || gaveUp(error, 'NoSuchUpload')) return 'unknown';",
        replace: "    if (unknown) throw new GiveUp('VerificationFailed', 'no answer');",
      },
    ],
    caughtBy: ['I7', 'I2'],
  },
  {
    name: 'a vanished upload is restarted without looking at the destination',
    file: 'copy/multipart/resolve-unknown-complete.ts',
    edits: [
      { find: 'if (found && !isUnlikely && isOurs(job, found, source)) {', replace: "if (found && job.id === '') {" },
    ],
    caughtBy: ['I7', 'I2', 'I4'],
  },
  {
    name: 'whatever stands at the destination is taken for our copy',
    file: 'copy/multipart/resolve-unknown-complete.ts',
    edits: [{ find: 'if (found && !isUnlikely && isOurs(job, found, source)) {', replace: 'if (found) {' }],
    caughtBy: ['I3', 'I4', 'I2', 'I6', 'I7'],
  },
];
