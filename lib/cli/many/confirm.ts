/** The question before something goes on that removes objects: it may have been stopped because it was a mistake. */
import { createInterface } from 'node:readline/promises';
import { plural, shellQuote } from '../text/format.ts';
import type { Work } from './resume.ts';
import type { Session } from '../run/session.ts';

/**
 * What may go on: all where nothing of it removes objects or the answer is yes; without a terminal all that removes none;
 * undefined when the answer is no.
 */
export async function confirmRemovals(session: Session, found: readonly Work[]): Promise<readonly Work[] | undefined> {
  const { io, say, config } = session;
  const removing = found.filter((work) => work.removes);
  if (removing.length === 0) return found;
  const state = `--state ${shellQuote(config.home)}`;
  const drop = `ferry cancel ID ${state} drops one`;
  if (!io.stdin?.isTTY || !io.stderr.isTTY) {
    for (const { id, text } of removing) say(`not resumed: ${id}: ${text}`);
    const what = `${plural(removing.length, 'command')} that ${removing.length === 1 ? 'removes' : 'remove'} objects`;
    say(`${what} left alone: ferry resume --yes ${state} goes on with all, ${drop}.`);
    return found.filter((work) => !work.removes);
  }
  say(`ferry resume goes on with ${plural(found.length, 'interrupted command')}:`);
  for (const { id, text } of found) say(`  ${id}: ${text}`);
  const who =
    found.length === 1
      ? 'It removes'
      : removing.length === 1
        ? 'One of them removes'
        : `${removing.length} of them remove`;
  say(`${who} objects: a move its sources, --remove-extra and sync --delete what has no source.`);
  if (await isYes(session, 'Go on? [y/N] ')) return found;
  say(`nothing was done; ferry resume ID ${state} goes on with one, ${drop}.`);
  return undefined;
}

/** Asks on stderr and reads one line; anything but yes is no. */
export async function isYes({ io, signal }: Session, question: string): Promise<boolean> {
  if (!io.stdin) return false;
  const lines = createInterface({ input: io.stdin, output: io.stderr, terminal: false });
  try {
    return /^y(es)?$/i.test((await lines.question(question, { signal })).trim());
  } finally {
    lines.close();
  }
}
