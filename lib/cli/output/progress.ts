/** A bar on a terminal, a line now and then in a pipe. Always on stderr: stdout belongs to results. */
import { MultiBar, type SingleBar } from 'cli-progress';
import type { Io, TextStream } from '../process/io.ts';
import { formatBytes, formatDuration } from '../text/format.ts';
import { paintFor, type Paint } from '../text/paint.ts';

export interface Moment {
  /** Bytes copied. */
  bytes: number;
  /** Bytes in all; absent while it is not known. */
  total?: number;
  /** What the bar shows where bytes do not tell: how much of how much. */
  share?: { done: number; of: number };
  /** What is counted beside bytes, e.g. `3/11 parts`; the first pieces of a list are the last to go where there is no room. */
  count: string;
}

export interface Progress {
  update(moment: Moment): void;
  /** Writes a line without disturbing the bar. */
  log(line: string): void;
  /** Removes the bar; nothing may be written before this but by `log`. */
  stop(): void;
}

export interface ProgressOptions {
  label: string;
  quiet?: boolean;
  now?: () => number;
  /** What went wrong so far and was tried again, as pieces of text. */
  trouble?(): string[];
}

export function openProgress(io: Io, options: ProgressOptions): Progress {
  if (options.quiet) return { update() {}, log: (line) => void io.stderr.write(`${line}\n`), stop() {} };
  // A dumb terminal cannot move its cursor: it gets the lines of a pipe.
  const canRedraw = io.stderr.isTTY && io.env['TERM'] !== 'dumb';
  return canRedraw ? terminalProgress(io, options) : pipeProgress(io.stderr, options);
}

/** Bytes per second over the last ten seconds, so that a stall shows and one slow part does not. */
export class Speed {
  readonly #window = 10_000;
  readonly #samples: { time: number; bytes: number }[] = [];

  add(time: number, bytes: number): void {
    this.#samples.push({ time, bytes });
    while (this.#samples.length > 2 && (this.#samples[1]?.time ?? time) <= time - this.#window) this.#samples.shift();
  }

  /** Undefined until a second has been measured: the first guesses would be wild. */
  perSecond(now: number): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || now - first.time < 1_000 || last.bytes <= first.bytes) return undefined;
    return ((last.bytes - first.bytes) * 1000) / (now - first.time);
  }
}

/** `62%  53.2 / 86.0 MiB  7/11 parts  27.1 MiB/s  3 s left`, as a list of its pieces. */
export function describeMoment(moment: Moment, perSecond: number | undefined): string[] {
  const { bytes, total, count } = moment;
  const share = shareOf(moment);
  const pieces = [];
  if (share) pieces.push(`${percent(share)}%`);
  pieces.push(total === undefined ? formatBytes(bytes) : `${formatBytes(bytes)} / ${formatBytes(total)}`, count);
  if (perSecond !== undefined) {
    pieces.push(`${formatBytes(perSecond)}/s`);
    if (total !== undefined && bytes < total) pieces.push(`${formatDuration((total - bytes) / perSecond)} left`);
  }
  return pieces.filter((piece) => piece !== '');
}

function shareOf({ bytes, total, share }: Moment): Moment['share'] {
  return share ?? (total === undefined ? undefined : { done: bytes, of: total });
}

function percent({ done, of }: { done: number; of: number }): number {
  return of === 0 ? 100 : Math.min(100, Math.floor((done / of) * 100));
}

function terminalProgress(io: Io, options: ProgressOptions): Progress {
  const now = options.now ?? Date.now;
  const speed = new Speed();
  const paint = paintFor(io.stderr, io.env);
  let moment: Moment = { bytes: 0, count: '' };
  const bars = new MultiBar({
    stream: io.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // Our own signal handling stops the bar.
    gracefulExit: false,
    // Off, or the library would cut the line by length and count colour codes as characters; `barLine` fits the width.
    linewrap: false,
    fps: 10,
    format: () => {
      const shown = withTrouble(moment, options);
      return barLine(options.label, shown, speed.perSecond(now()), io.stderr.columns ?? 80, paint);
    },
  });
  const bar: SingleBar = bars.create(1, 0);
  const restore = () => io.stderr.write('\u001b[?7h\u001b[?25h');
  process.once('exit', restore);
  let stopped = false;
  return {
    update(next) {
      if (stopped) return;
      moment = next;
      speed.add(now(), next.bytes);
      bar.update(0);
    },
    // Long lines must wrap although the bar's may not.
    log: (line) => (stopped ? void io.stderr.write(`${line}\n`) : bars.log(`\u001b[?7h${line}\n\u001b[?7l`)),
    stop() {
      if (stopped) return;
      stopped = true;
      process.removeListener('exit', restore);
      bars.update();
      bars.stop();
    },
  };
}

function withTrouble(moment: Moment, { trouble }: ProgressOptions): Moment {
  const count = [moment.count, ...(trouble?.() ?? [])].filter((piece) => piece !== '').join(', ');
  return { ...moment, count };
}

/**
 * One line that fits: the label takes at most half of what the numbers leave, the bar the rest. Where the numbers alone are too long, the
 * last pieces of the count are left out first, then speed and time.
 */
export function barLine(
  label: string,
  moment: Moment,
  perSecond: number | undefined,
  columns: number,
  paint: Paint,
): string {
  const text = fitting(moment, perSecond, columns - 1);
  const room = columns - 1 - text.length;
  const name = shorten(label, Math.min(40, Math.floor(room / 2)));
  const share = shareOf(moment);
  const bar = share ? Math.min(24, room - [...name].length - 4) : 0;
  return [name, share && bar > 0 ? drawBar(bar, share, paint) : '', text].filter(Boolean).join('  ');
}

function fitting(moment: Moment, perSecond: number | undefined, width: number): string {
  const counted = moment.count.split(', ');
  for (let kept = counted.length; kept > 0; kept -= 1) {
    const text = describeMoment({ ...moment, count: counted.slice(0, kept).join(', ') }, perSecond).join('  ');
    if (text.length <= width) return text;
  }
  const pieces = describeMoment({ ...moment, count: counted[0] ?? '' }, undefined);
  while (pieces.length > 1 && pieces.join('  ').length > width) pieces.pop();
  return pieces.join('  ').slice(0, Math.max(0, width));
}

function drawBar(width: number, { done, of }: { done: number; of: number }, paint: Paint): string {
  const filled = of === 0 ? width : Math.min(width, Math.floor((done / of) * width));
  return paint('cyan', '━'.repeat(filled)) + paint('dim', '─'.repeat(width - filled));
}

/** Keeps the end, which tells names apart. */
function shorten(label: string, width: number): string {
  if (width < 4) return '';
  const chars = [...label];
  return chars.length <= width ? label : `…${chars.slice(chars.length - width + 1).join('')}`;
}

/** First after five seconds, then ever more rarely, at most once a minute: a long copy must not fill a log. */
function pipeProgress(stream: TextStream, options: ProgressOptions): Progress {
  const now = options.now ?? Date.now;
  const speed = new Speed();
  let pause = 5_000;
  let next = now() + pause;
  let stopped = false;
  return {
    update(moment) {
      if (stopped) return;
      const time = now();
      speed.add(time, moment.bytes);
      // The result line says that it is done.
      if (time < next || moment.bytes === moment.total) return;
      pause = Math.min(60_000, pause * 1.5);
      next = time + pause;
      const shown = withTrouble(moment, options);
      stream.write(`${options.label}: ${describeMoment(shown, speed.perSecond(time)).join(', ')}\n`);
    },
    log: (line) => void stream.write(`${line}\n`),
    stop: () => void (stopped = true),
  };
}
