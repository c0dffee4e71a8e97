import type { AnyDeadLetter, QueueName, Queues } from '../../runtime/serve/queues.ts';
import type { DefineCommand } from '../process/context.ts';
import { exit, UsageError } from '../process/exit.ts';
import { printLine } from '../process/io.ts';
import { changeQueue, listQueue } from '../run/dead-queue.ts';
import { withSession, type Session } from '../run/session.ts';
import { plural, printable } from '../text/format.ts';
import { formatTable } from '../text/table.ts';

interface DeadFlags {
  state?: string;
  json?: boolean;
  all?: boolean;
  queue?: string;
}

const names: readonly QueueName[] = ['events', 'messages', 'tasks'];

/** Letters read at once. */
const pageSize = 1000;

export const defineDead: DefineCommand = (program, context) => {
  const dead = program
    .command('dead')
    .description(
      'Events, callbacks and copies that failed permanently, or that no version of ferry understands. ferry keeps them until you redrive or drop them.',
    );
  const common = (name: string, summary: string) =>
    dead
      .command(name)
      .summary(summary)
      .description(summary)
      .option('--state <dir>', 'folder that keeps state (also FERRY_HOME; default .ferry)')
      .option('--queue <url>', 'dead letters of a stack on Alibaba Cloud: its output DeadLetters');
  common('list', 'show what was given up, and why')
    .option('--json', 'one JSON document per letter')
    .action(async (flags: DeadFlags) => {
      if (flags.queue !== undefined) context.code = await listQueue(context.io, flags.queue, flags.json === true);
      else context.code = await withSession(context.io, { state: flags.state }, (session) => list(session, flags));
    });
  for (const verb of ['redrive', 'drop'] as const) {
    common(verb, verb === 'redrive' ? 'send again, with all attempts before it' : 'delete for good')
      .argument('[ids...]', 'as `ferry dead list` shows them')
      .option('--all', 'all of them')
      .action(async (ids: string[], flags: DeadFlags) => {
        if ((flags.all ?? false) === ids.length > 0)
          throw new UsageError(`name what to ${verb}, or say --all (and not both).`);
        if (flags.queue !== undefined) {
          context.code = await changeQueue(context.io, flags.queue, verb, flags.all ? undefined : ids);
          return;
        }
        ids.forEach(checkId);
        context.code = await withSession(context.io, { state: flags.state }, (session) =>
          change(session, verb, ids, flags),
        );
      });
  }
};

/** `events-17`: ids are unique in a queue only. */
function checkId(text: string): void {
  const [name = '', number = ''] = text.split('-');
  if (names.includes(name as QueueName) && /^\d+$/.test(number)) return;
  throw new UsageError(`'${text}' is no id: write ids as \`ferry dead list\` shows them, such as events-17.`);
}

async function queuesOf(session: Session): Promise<Queues> {
  const { openQueues } = await import('../../runtime/serve/queues.ts');
  return openQueues(session.runtime);
}

function* lettersIn(queue: Queues[QueueName]): Generator<AnyDeadLetter> {
  for (let after = 0; ;) {
    const page = queue.listDead(pageSize, after);
    yield* page;
    if (page.length < pageSize) return;
    after = page.at(-1)?.id ?? after;
  }
}

/** Of what was posted and not understood: enough to see what it is. */
const shownChars = 1024;

async function list(session: Session, { json }: DeadFlags): Promise<number> {
  const { io } = session;
  const queues = await queuesOf(session);
  let count = 0;
  const rows: string[][] = [];
  for (const name of names) {
    for (const letter of lettersIn(queues[name])) {
      count += 1;
      const { id, attempts, reason, task, sentAt, deadAt } = letter;
      if (json) {
        const times = { sentAt: new Date(sentAt).toISOString(), deadAt: new Date(deadAt).toISOString() };
        await printLine(io.stdout, JSON.stringify({ id: `${name}-${id}`, attempts, reason, ...times, message: task }));
      } else {
        rows.push([`${name}-${id}`, new Date(deadAt).toISOString(), plural(attempts, 'attempt'), printable(reason)]);
        const sent = 'kind' in task && task.kind === 'posted' ? task.body : undefined;
        if (sent !== undefined) rows.push(['', '', 'sent', printable(sent.slice(0, shownChars).toWellFormed())]);
      }
    }
  }
  for (const line of formatTable(rows)) await printLine(io.stdout, line);
  if (!json && count === 0) io.stdout.write('nothing was given up\n');
  return exit.done;
}

async function change(session: Session, verb: 'redrive' | 'drop', ids: string[], { all }: DeadFlags): Promise<number> {
  const queues = await queuesOf(session);
  let count = 0;
  for (const name of names) {
    const numbers = ids.filter((id) => id.startsWith(`${name}-`)).map((id) => Number(id.slice(name.length + 1)));
    if (all || numbers.length > 0) count += queues[name][verb](all ? undefined : numbers);
  }
  session.io.stdout.write(`${plural(count, 'letter')} ${verb === 'redrive' ? 'sent again' : 'dropped'}\n`);
  return !all && count < ids.length ? exit.someFailed : exit.done;
}
