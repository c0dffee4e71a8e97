/** All commands in the order of the help: what it says of each, and the file that is loaded once the command is called. */
import type { DefineCommand } from './process/context.ts';

/** A command as the list of all shows it, and how its file is loaded once it is called. */
export type Listed = readonly [name: string, usage: string, summary: string, load: () => Promise<DefineCommand>];

export const groups: readonly [heading: string, commands: readonly Listed[]][] = [
  [
    'Objects:',
    [
      [
        'cp',
        '[options] <source...> <destination>',
        'copy an object, or everything below a prefix',
        async () => (await import('./commands/cp.ts')).defineCp,
      ],
      [
        'mv',
        '[options] <source...> <destination>',
        'move (rename) an object, or everything below a prefix',
        async () => (await import('./commands/mv.ts')).defineMv,
      ],
      [
        'sync',
        '[options] <source> <destination>',
        'copy what is missing or different below a prefix; remove the rest if asked to',
        async () => (await import('./commands/sync.ts')).defineSync,
      ],
      [
        'meta',
        '[options] [url]',
        'show or change metadata, headers, tags and class',
        async () => (await import('./commands/meta.ts')).defineMeta,
      ],
      ['rm', '[options] <url>', 'remove one object', async () => (await import('./commands/rm.ts')).defineRm],
      [
        'batch',
        '[options] [command]',
        'many objects from one request',
        async () => (await import('./commands/batch.ts')).defineBatch,
      ],
    ],
  ],
  [
    'Looking:',
    [
      ['ls', '[options] [url]', 'list objects, or buckets', async () => (await import('./commands/ls.ts')).defineLs],
      [
        'du',
        '[options] <urls...>',
        'how many objects, and how large together',
        async () => (await import('./commands/du.ts')).defineDu,
      ],
      [
        'stat',
        '[options] <url>',
        'all that the store tells of one object',
        async () => (await import('./commands/stat.ts')).defineStat,
      ],
      [
        'cat',
        '[options] <url>',
        'write an object to standard output',
        async () => (await import('./commands/cat.ts')).defineCat,
      ],
      [
        'presign',
        '[options] <url>',
        'a URL that lets its holder read one object for a while',
        async () => (await import('./commands/presign.ts')).definePresign,
      ],
    ],
  ],
  [
    'Buckets:',
    [
      ['mb', '[options] <url>', 'make a bucket', async () => (await import('./commands/mb.ts')).defineMb],
      ['rb', '[options] <url>', 'remove an empty bucket', async () => (await import('./commands/rb.ts')).defineRb],
    ],
  ],
  [
    'Jobs:',
    [
      [
        'run',
        '[options] <file>',
        'run the commands of a file, one a line',
        async () => (await import('./commands/run.ts')).defineRun,
      ],
      [
        'status',
        '[options] [id]',
        'show what runs, was interrupted, or has ended',
        async () => (await import('./commands/status.ts')).defineStatus,
      ],
      [
        'resume',
        '[options] [id]',
        'finish what was interrupted',
        async () => (await import('./commands/resume.ts')).defineResume,
      ],
      [
        'cancel',
        '[options] <id>',
        'stop a job or batch and drop what is left of it',
        async () => (await import('./commands/cancel.ts')).defineCancel,
      ],
      [
        'sweep',
        '[options]',
        'revive stuck jobs, remove leftovers, once',
        async () => (await import('./commands/sweep.ts')).defineSweep,
      ],
      [
        'dead',
        '[options] [command]',
        'what was given up: list, send again, drop',
        async () => (await import('./commands/dead.ts')).defineDead,
      ],
    ],
  ],
  [
    'Service:',
    [
      [
        'serve',
        '[options]',
        'HTTP API, replication rules and workers in one process',
        async () => (await import('./commands/serve.ts')).defineServe,
      ],
      [
        'replicate',
        '[options]',
        'copy what was there before a replication rule',
        async () => (await import('./commands/replicate.ts')).defineReplicate,
      ],
      [
        'reconcile',
        '[options] <rule>',
        'compare both sides of a replication rule',
        async () => (await import('./commands/reconcile.ts')).defineReconcile,
      ],
    ],
  ],
  [
    'Setup:',
    [
      [
        'doctor',
        '[options] [url]',
        'check credentials, endpoint, clock, region and permissions',
        async () => (await import('./commands/doctor.ts')).defineDoctor,
      ],
      [
        'cost',
        '[options]',
        'what replication on AWS costs',
        async () => (await import('./commands/cost.ts')).defineCost,
      ],
      [
        'completion',
        '[options] <shell>',
        'the completion of a shell: bash, zsh or fish',
        async () => (await import('./commands/completion.ts')).defineCompletion,
      ],
      [
        'twin',
        '[options]',
        'a local OSS and S3 server for trying things out',
        async () => (await import('./commands/twin.ts')).defineTwin,
      ],
      [
        'demo',
        '[options] [file]',
        'see it work, without any account',
        async () => (await import('./commands/demo.ts')).defineDemo,
      ],
    ],
  ],
];
