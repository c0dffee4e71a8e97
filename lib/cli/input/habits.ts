/** Words that hands know from other tools, put into ours before the command line is read. */
import { UsageError } from '../process/exit.ts';

/** aws-cli, s5cmd, rclone and ossutil have these, and they mean exactly what ours do. */
const sameOptions: Readonly<Record<string, string>> = {
  '--dryrun': '--dry-run',
  '--only-show-errors': '--quiet',
  '--sse-kms-key-id': '--sse-key-id',
};

/** Of `meta`, whose own names came first. */
const metaOptions: Readonly<Record<string, string>> = { '--meta': '--set', '--remove-meta': '--remove' };

/** Commands that write objects. Others have options of the same names with meanings of their own (`reconcile --metadata`). */
const writers = new Set(['cp', 'mv', 'meta', 'sync', 'batch']);

const directives = new Set(['--metadata-directive', '--tagging-directive']);

/** The same command line in our own words. @throws UsageError for a habit that would do harm here. */
export function readHabits(argv: readonly string[]): string[] {
  const [first, ...rest] = argv;
  if (first === 'version') return ['--version'];
  // `help batch run`: of a command of a command as well.
  if (first === 'help') return [...rest, '--help'];
  const result: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] as string;
    if (word === '--') return [...result, ...argv.slice(at)];
    const [, name = word, joined] = /^(--[a-z-]+)=([^]*)$/.exec(word) ?? [];
    const value = (): string => joined ?? argv[++at] ?? '';
    const writes = first !== undefined && writers.has(first);
    const ours = sameOptions[name] ?? (first === 'meta' ? metaOptions[name] : undefined);
    if (writes && name === '--update') {
      throw new UsageError(
        first === 'sync'
          ? '--update copies by times alone: leave it out, for sync copies what differs, and write --compare-time to copy what was written after its copy as well.'
          : '--update compares times, which ferry does not: write --if-different to copy what differs, or --overwrite never to keep what is there.',
      );
    } else if (writes && name === '--metadata') {
      for (const pair of pairs(value(), ',')) result.push(first === 'meta' ? '--set' : '--meta', pair);
    } else if (writes && name === '--tagging') {
      for (const pair of pairs(value(), '&')) result.push('--tag', decoded(pair));
    } else if (directives.has(name)) result.push(name, value().toLowerCase());
    else if (ours !== undefined) result.push(joined === undefined ? ours : `${ours}=${joined}`);
    else result.push(word);
  }
  return result;
}

/** A value may hold the separator: a piece without an equals sign belongs to the one before. */
function pairs(text: string, separator: string): string[] {
  const found: string[] = [];
  for (const piece of text.split(separator)) {
    const last = found.at(-1);
    if (last !== undefined && !piece.includes('=')) found[found.length - 1] = `${last}${separator}${piece}`;
    else found.push(piece);
  }
  return found;
}

/** As the header of the stores has it: percent-encoded, a plus for a space. */
function decoded(pair: string): string {
  try {
    return decodeURIComponent(pair.replaceAll('+', ' '));
  } catch {
    return pair;
  }
}

const localFiles = 'Objects are copied inside a store; local files are not read or written.';

const meanings: Readonly<Record<string, string>> = {
  copy: 'cp',
  move: 'mv',
  rename: 'mv',
  moveto: 'mv',
  copyto: 'cp',
  list: 'ls',
  dir: 'ls',
  lsd: 'ls',
  lsl: 'ls -l',
  lsf: 'ls -r',
  size: 'du',
  head: 'stat',
  info: 'stat',
  show: 'stat',
  'head-object': 'stat',
  delete: 'rm',
  del: 'rm',
  deletefile: 'rm',
  remove: 'rm',
  mkdir: 'mb',
  'create-bucket': 'mb',
  rmdir: 'rb',
  'delete-bucket': 'rb',
  sign: 'presign',
  'sign-url': 'presign',
  link: 'presign',
  tag: 'meta URL --tag NAME=VALUE',
  tagging: 'meta URL --tag NAME=VALUE',
  'set-meta': 'meta URL --meta NAME=VALUE',
  setmeta: 'meta URL --meta NAME=VALUE',
  check: 'batch verify',
  verify: 'batch verify',
  jobs: 'status',
  config: 'doctor',
  configure: 'doctor',
  server: 'serve',
  mirror: 'sync A/ B/ --delete',
  download: 'cat URL > FILE',
  get: 'cat URL > FILE',
  upload: '',
  put: '',
};

/** For a word that is no command of ours but has a meaning elsewhere; undefined for any other. */
export function meantCommand(word: string): UsageError | undefined {
  const ours = Object.hasOwn(meanings, word) ? meanings[word] : undefined;
  if (ours === undefined) return undefined;
  if (ours === '') return new UsageError(`ferry has no command "${word}". ${localFiles}`);
  const why = ours.startsWith('cat') ? ` ${localFiles.replace('read or written', 'written')}` : '';
  return new UsageError(`ferry has no command "${word}"; what you mean is probably: ferry ${ours}.${why}`);
}
