/** Faults in what the modes promise: nothing lost, replicas that follow, everything carried along. */
import type { Mutant } from './mutant.ts';

export const modeMutants: readonly Mutant[] = [
  {
    name: 'CopyObject carries no source pin',
    file: 'copy/direct/copy.ts',
    edits: [{ find: 'sourceIfMatch: head.etag,', replace: "sourceIfMatch: ''," }],
    caughtBy: ['I1'],
  },
  {
    name: 'a rename deletes before it verifies',
    file: 'copy/multipart/after-complete.ts',
    edits: [
      {
        find: '  const found = await headIfThere(store, job.destination, { ...options, checksum: true });\n',
        replace:
          "  if (job.mode === 'rename') await removeSource(store, { ...request, pin }, options);\n  const found = await headIfThere(store, job.destination, { ...options, checksum: true });\n",
      },
    ],
    caughtBy: ['I3'],
  },
  {
    name: 'a rename does not verify at all',
    file: 'copy/multipart/after-complete.ts',
    edits: [
      {
        find: 'const proof = verifyWritten(describe(job.store, job.destination), found, evidence);',
        replace: "const proof = verifyWritten === undefined ? 'etag' : 'size';",
      },
    ],
    caughtBy: ['I3', 'I4'],
  },
  {
    name: 'a small rename does not verify',
    file: 'copy/direct/copy.ts',
    edits: [{ find: "    request.mode === 'rename' ||\n    request.journal", replace: '    request.journal' }],
    caughtBy: ['I3'],
  },
  {
    name: 'another ETag than the one written is no mismatch',
    file: 'copy/fidelity/verify.ts',
    edits: [
      {
        find: "return !writtenEtag || destination.etag === '' ? 'undecided' : 'mismatch';",
        replace: "return 'size';",
      },
    ],
    caughtBy: ['I3', 'I4'],
  },
  {
    name: 'equal size and an equal number of parts count as equal bytes',
    file: 'copy/fidelity/compare.ts',
    edits: [
      {
        find: "return sameEtag(a.etag, b.etag) ? 'etag' : 'undecided';",
        replace: "return /-\\d+$/.exec(a.etag)?.[0] === /-\\d+$/.exec(b.etag)?.[0] ? 'etag' : 'undecided';",
      },
    ],
    caughtBy: ['I2', 'I3', 'I4'],
  },
  {
    name: 'a rename does not look at the source before deleting it',
    file: 'copy/after/remove-source.ts',
    edits: [
      { find: '    const head = await store.head(source, options);\n', replace: '' },
      { find: '    if (!isPinned(pin, head)) throw new SourceChanged(keptBoth(rename));\n', replace: '' },
    ],
    caughtBy: ['I3'],
  },
  {
    name: 'a rename deletes without the condition',
    file: 'copy/after/remove-source.ts',
    edits: [{ find: '{ ...options, ifMatch: pin.etag }', replace: '{ ...options }' }],
    caughtBy: ['I3'],
  },
  {
    name: 'a rename forgets to delete',
    file: 'copy/multipart/after-complete.ts',
    edits: [
      { find: "  if (job.mode === 'rename') await removeSource(store, { ...request, pin }, options);\n", replace: '' },
    ],
    caughtBy: ['I7'],
  },
  {
    name: 'a large replica does not look at its source again',
    file: 'copy/multipart/after-complete.ts',
    edits: [
      {
        find: "if (job.mode === 'replicate')\n    await lookAgain(",
        replace: "if (job.mode === 'replicate' && job.id === '')\n    await lookAgain(",
      },
    ],
    caughtBy: ['I2'],
  },
  {
    name: 'a small replica does not look at its source again',
    file: 'copy/direct/copy.ts',
    edits: [
      {
        find: "  if (request.mode === 'replicate') {\n    const seen",
        replace: "  if (request.mode === 'replicate' && request.source.key === '') {\n    const seen",
      },
    ],
    caughtBy: ['I2'],
  },
  {
    name: 'an unanswered CopyObject is forgotten',
    file: 'copy/after/recheck-source.ts',
    edits: [
      {
        find: "overwrite: 'if-different' } });\n",
        replace: "overwrite: 'if-different' } });\n  if (again.mode === 'replicate') return;\n",
      },
    ],
    caughtBy: ['I2'],
  },
  {
    name: 'a job of the same object is the same job, whatever the version',
    file: 'copy/model/ids.ts',
    edits: [{ find: ', options, etag, size, lastModified, versionId, attributes])', replace: ', options])' }],
    caughtBy: ['I2'],
  },
  {
    name: 'a replica that was overwritten is taken for being in place',
    file: 'copy/row/open.ts',
    edits: [
      {
        find: 'if (there?.etag !== row.result.etag || there.size !== row.result.size) return false;',
        replace: 'if (!there) return false;',
      },
    ],
    caughtBy: ['I2'],
  },
  {
    name: 'a server that wants parts is not believed for replicas',
    file: 'copy/direct/from-event.ts',
    edits: [{ find: ' || prefersParts(world, seen.size, error)', replace: '' }],
    caughtBy: ['I2'],
  },
  {
    name: 'large objects lose their metadata',
    file: 'copy/multipart/attach-upload.ts',
    edits: [{ find: 'userMetadata: expected.userMetadata,', replace: 'userMetadata: {},' }],
    caughtBy: ['I6', 'I7'],
  },
  {
    name: 'large objects lose their storage class',
    file: 'copy/multipart/attach-upload.ts',
    edits: [{ find: '    storageClass: expected.storageClass,\n', replace: '' }],
    caughtBy: ['I6'],
  },
  {
    name: 'large objects lose their ACL',
    file: 'copy/multipart/attach-upload.ts',
    edits: [{ find: '      acl: input.acl,\n', replace: '' }],
    caughtBy: ['I6'],
  },
  {
    name: 'a change of metadata reads the tags after the write',
    file: 'copy/direct/copy.ts',
    edits: [
      {
        find: 'putRight(store, request, found, kept, {',
        replace:
          'putRight(store, request, found, { ...kept, tags: await readTags(store, request.source, found, options) }, {',
      },
    ],
    caughtBy: ['I6'],
  },
  {
    name: 'the row of a change of metadata does not know the tags',
    file: 'copy/row/open.ts',
    edits: [{ find: '    ...(kept && keptFields(kept)),\n', replace: '' }],
    caughtBy: ['I6'],
  },
  {
    name: 'Complete overwrites what came into its way',
    file: 'copy/finish.ts',
    edits: [
      { find: 'store.complete({ ...call, forbidOverwrite }, options)', replace: 'store.complete(call, options)' },
    ],
    caughtBy: ['options'],
  },
  {
    name: 'a destination that exists is no reason to stop',
    file: 'copy/plan/check-destination.ts',
    edits: [
      {
        find: "  if (overwrite === 'always') return undefined;",
        replace: "  if (overwrite !== 'if-different') return undefined;",
      },
    ],
    caughtBy: ['options'],
  },
];
