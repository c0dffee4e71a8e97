/** Faults around starting, ending and tidying up: uploads that no sweep removes, and those that none may remove. */
import type { Mutant } from './mutant.ts';

export const uploadMutants: readonly Mutant[] = [
  {
    name: 'Initiate is sent again when its answer is lost',
    file: 'copy/multipart/attach-upload.ts',
    edits: [
      {
        find: '    const certain = !(error instanceof RetryLater',
        replace:
          "    if (error instanceof RetryLater && error.effect === 'unknown') return (await store.initiate(call)).uploadId;\n    const certain = !(error instanceof RetryLater",
      },
    ],
    caughtBy: ['I5'],
  },
  {
    name: 'no intent is written before Initiate',
    file: 'copy/row/open.ts',
    edits: [{ find: 'intents: intent === undefined ? undefined : [intent],', replace: 'intents: undefined,' }],
    caughtBy: ['I5'],
  },
  {
    name: 'a row that is planned anew forgets its intents',
    file: 'copy/row/open.ts',
    edits: [
      { find: 'intents: [...(row.intents ?? []), ...(planned.intents ?? [])],', replace: 'intents: planned.intents,' },
    ],
    caughtBy: ['I5'],
  },
  {
    name: 'the intent of an unanswered Initiate is dropped',
    file: 'copy/multipart/attach-upload.ts',
    edits: [{ find: 'if (certain) await dropIntent', replace: 'if (certain || !certain) await dropIntent' }],
    caughtBy: ['I5'],
  },
  {
    name: 'orphans are looked for before a late Initiate can have come',
    file: 'copy/multipart/abort-orphans.ts',
    edits: [{ find: '  if (intents.some(isYoung)) return false;\n', replace: '' }],
    caughtBy: ['I5'],
  },
  {
    name: 'the sweep aborts the uploads of strangers',
    file: 'copy/multipart/abort-orphans.ts',
    edits: [{ find: 'upload.initiator === undefined || upload.initiator === me', replace: 'upload.key !== undefined' }],
    caughtBy: ['I5'],
  },
  {
    name: 'the sweep aborts young uploads',
    file: 'copy/multipart/abort-orphans.ts',
    edits: [{ find: 'if (isYoung(upload.initiated)) {', replace: 'if (upload.initiated < 0) {' }],
    caughtBy: ['I5', 'I4'],
  },
  {
    name: 'an upload with parts is taken for an orphan',
    file: 'copy/multipart/abort-orphans.ts',
    edits: [{ find: 'if (!ledger || ledger.parts.size > 0) continue;', replace: 'if (!ledger) continue;' }],
    caughtBy: ['I5', 'I4'],
  },
  {
    name: 'a job that ends leaves its upload',
    file: 'copy/row/end.ts',
    edits: [
      { find: 'abortPending: hasUpload || undefined,', replace: 'abortPending: undefined,' },
      {
        find: 'await world.store(job.store).abort(job.destination, job.uploadId);',
        replace: 'await Promise.resolve();',
      },
    ],
    caughtBy: ['I5'],
  },
  {
    name: 'an abort that failed is not tried again',
    file: 'copy/row/end.ts',
    edits: [{ find: 'attentionAt: hasLeftovers ? nextLook(world) : undefined,', replace: 'attentionAt: undefined,' }],
    caughtBy: ['I5', 'I2'],
  },
  {
    name: 'one abort is believed',
    file: 'copy/sweep.ts',
    edits: [
      {
        find: 'const ledger = await readLedger(store, job, { ...options, limit: 1 });\n  if (!ledger) return true;',
        replace: 'const ledger = true;\n  if (ledger) return true;',
      },
    ],
    caughtBy: ['I5'],
  },
  {
    name: 'a row that was planned and never started is not revived',
    file: 'copy/sweep.ts',
    edits: [
      {
        find: "return [{ kind: 'copy', request: requestOf(job), jobId: job.id }];",
        replace: 'return job.id === "" ? restartTasks(job) : [];',
      },
    ],
    caughtBy: ['I7', 'I2'],
  },
  {
    name: 'the sweep sends every part again',
    file: 'copy/sweep.ts',
    edits: [
      {
        find: 'const missing = ledger ? missingParts(ledger, job) : [];',
        replace: 'const missing = ledger ? Array.from({ length: partCount(job.parts ?? []) }, (_, i) => i + 1) : [];',
      },
    ],
    caughtBy: ['I7'],
  },
  {
    name: 'a finisher that died is not replaced',
    file: 'copy/sweep.ts',
    edits: [
      {
        find: "if (job.state === 'finishing') return await reviveFinish(world, job, abandoned);",
        replace: "if (job.state === 'finishing') return undefined;",
      },
    ],
    caughtBy: ['I7', 'I2', 'I5'],
  },
  {
    name: 'a row expires while it still owes something',
    file: 'copy/sweep.ts',
    edits: [
      { find: 'expiresAt: isTidy ? row.expiresAt : now + later + world.settings.keepMs,', replace: 'expiresAt: now,' },
    ],
    caughtBy: ['I5'],
  },
  {
    name: 'our own name is asked of ListParts alone',
    file: 'copy/multipart/abort-orphans.ts',
    edits: [
      {
        find: 'initiator === undefined ? await store.listUploads',
        replace: 'initiator !== undefined ? await store.listUploads',
      },
    ],
    caughtBy: ['I5'],
  },
  {
    name: 'a copy that made its upload needless leaves it',
    file: 'copy/multipart/after-complete.ts',
    edits: [
      { find: '      abortPending: uploadMayStand || undefined,\n', replace: '' },
      { find: '    if (done.landed && uploadMayStand) await abortOwn(world, job);\n', replace: '' },
    ],
    caughtBy: ['I5'],
  },
];
