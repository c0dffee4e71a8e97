/** The question before an interrupted move goes on: it may be one that was stopped because it was a mistake. */
import { createInterface } from 'node:readline/promises';
import { plural, shellQuote } from '../text/format.ts';
import type { Work } from './resume.ts';
import type { Session } from './session.ts';

/**
 * What may go on: all where nothing of it moves or the answer is yes; without a terminal all but the moves; undefined when
 * the answer is no.
 */
export async function confirmMoves(session: Session, found: readonly Work[]): Promise<readonly Work[] | undefined> {
  const { io, say, config } = session;
  const moves = found.filter((work) => work.moves);
  if (moves.length === 0) return found;
  const state = `--state ${shellQuote(config.home)}`;
  const drop = `ferry cancel ID ${state} drops one`;
  if (!io.stdin?.isTTY || !io.stderr.isTTY) {
    for (const { id, text } of moves) say(`not resumed: ${id}: ${text}`);
    say(`${plural(moves.length, 'move')} left alone: ferry resume --yes ${state} goes on with moves as well, ${drop}.`);
    return found.filter((work) => !work.moves);
  }
  say(`ferry resume goes on with ${plural(found.length, 'interrupted command')}:`);
  for (const { id, text } of found) say(`  ${id}: ${text}`);
  const who =
    found.length === 1 ? 'It moves' : moves.length === 1 ? 'One of them moves' : `${moves.length} of them move`;
  say(`${who} objects: sources are removed.`);
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
