/** Completion scripts of shells, made from the definitions of the commands. */
import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

interface Known {
  /** `cp`, `batch run`. */
  name: string;
  summary: string;
  options: Option[];
  /** Names of its own commands. */
  commands: string[];
}

/** A script to be sourced; buckets and keys are asked of `ferry __complete` when a word is a URL. */
export function completionScript(shell: Shell, program: Command): string {
  const known = knownOf(program);
  return { bash, zsh, fish }[shell](known);
}

function knownOf(program: Command): Known[] {
  return program.commands.flatMap((command) => [
    describe(command.name(), command),
    ...command.commands.map((sub) => describe(`${command.name()} ${sub.name()}`, sub)),
  ]);
}

function describe(name: string, command: Command): Known {
  return {
    name,
    summary: command.summary() || (command.description().split(/[.:\n]/)[0] ?? ''),
    options: command.options.filter(({ hidden }) => !hidden),
    commands: command.commands.map((sub) => sub.name()),
  };
}

function flagsOf({ options }: Known): string[] {
  return options.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined)).concat('--help');
}

/** Options whose value is one of a few words. */
function choicesOf(known: readonly Known[]): [flag: string, values: string[]][] {
  const all = new Map<string, string[]>();
  for (const { options } of known)
    for (const { long, argChoices } of options) if (long && argChoices) all.set(long, argChoices);
  return [...all];
}

/** Options that take another value, after which neither an option nor a URL of ours is expected. */
function valued(known: readonly Known[]): string[] {
  const choices = new Set(choicesOf(known).map(([flag]) => flag));
  const all = known.flatMap(({ options }) =>
    options.filter(({ required, long }) => required && long && !choices.has(long)),
  );
  return [...new Set(all.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined)))];
}

function bash(known: readonly Known[]): string {
  const cases = known.map((one) => `    '${one.name}') words='${[...one.commands, ...flagsOf(one)].join(' ')}' ;;`);
  const choices = choicesOf(known).map(
    ([flag, values]) => `    ${flag}) COMPREPLY=($(compgen -W '${values.join(' ')}' -- "$cur")); return ;;`,
  );
  const tops = known.filter(({ name }) => !name.includes(' ')).map(({ name }) => name);
  const groups = known.filter(({ commands }) => commands.length > 0).map(({ name }) => name);
  return `# bash completion of ferry:  source <(ferry completion bash)
_ferry() {
  local line="\${COMP_LINE:0:COMP_POINT}" cur prev command words i
  cur="\${line##*[[:space:]]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  local -a typed=($line)
  command="\${typed[1]}"
  case "$command" in
    ${groups.join(' | ') || '""'}) if [[ \${#typed[@]} -gt 2 && "\${typed[2]}" != -* && ! ( \${#typed[@]} -eq 3 && -n "$cur" ) ]]; then command="$command \${typed[2]}"; fi ;;
  esac
  if [[ \${#typed[@]} -le 1 || ( \${#typed[@]} -eq 2 && -n "$cur" ) ]]; then
    COMPREPLY=($(compgen -W '${tops.join(' ')} help' -- "$cur"))
    return
  fi
  case "$prev" in
${choices.join('\n')}
    ${valued(known).join(' | ')}) [[ "$cur" == *://* ]] || { compopt -o default 2>/dev/null; return; } ;;
  esac
  if [[ "$cur" == -* ]]; then
    case "$command" in
${cases.join('\n')}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return
  fi
  if [[ "$cur" == *:* ]]; then
    # Readline takes a colon for the end of a word: only what follows the last one is replaced.
    local before="\${cur%"\${cur##*:}"}" found
    [[ "$COMP_WORDBREAKS" == *:* ]] || before=''
    while IFS= read -r found; do printf -v found %q "\${found#"$before"}"; COMPREPLY+=("$found"); done < <(ferry __complete -- "$cur" 2>/dev/null)
    compopt -o nospace 2>/dev/null
    return
  fi
  case "$command" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "\${words%% -*} oss:// s3://" -- "$cur"))
  [[ "\${COMPREPLY[0]}" == *: || "\${COMPREPLY[0]}" == *:// ]] && compopt -o nospace 2>/dev/null
}
complete -F _ferry ferry
`;
}

function zsh(known: readonly Known[]): string {
  const tops = known.filter(({ name }) => !name.includes(' '));
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  const described = tops.map(({ name, summary }) => quoted(`${name}:${summary.replaceAll(':', '\\:')}`));
  const cases = known.map(({ name, commands, ...rest }) => {
    const flags = flagsOf({ name, commands, ...rest });
    return `    ${quoted(name)}) flags=(${flags.join(' ')}); subs=(${commands.join(' ')}) ;;`;
  });
  const choices = choicesOf(known).map(([flag, values]) => `    ${flag}) compadd -- ${values.join(' ')}; return ;;`);
  const groups = known.filter(({ commands }) => commands.length > 0).map(({ name }) => name);
  return `#compdef ferry
# zsh completion of ferry:  source <(ferry completion zsh)
_ferry() {
  local command="$words[2]" cur="$words[CURRENT]" prev="$words[CURRENT-1]"
  local -a flags subs found tops
  tops=(${described.join(' ')})
  if (( CURRENT == 2 )); then _describe command tops; return; fi
  case "$command" in
    ${groups.join('|')}) (( CURRENT > 3 )) && [[ "$words[3]" != -* ]] && command="$command $words[3]" ;;
  esac
  case "$command" in
${cases.join('\n')}
  esac
  case "$prev" in
${choices.join('\n')}
  esac
  if [[ "$cur" == -* ]]; then compadd -- $flags; return; fi
  if [[ "$cur" == *:* ]]; then
    found=(\${(f)"$(ferry __complete -- "$cur" 2>/dev/null)"})
    compadd -S '' -- $found
    return
  fi
  (( CURRENT == 3 )) && compadd -- $subs
  compadd -S '' -- oss:// s3://
  _files
}
if [[ "$funcstack[1]" == _ferry ]]; then _ferry "$@"; else compdef _ferry ferry; fi
`;
}

function fish(known: readonly Known[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = known.flatMap(({ name, summary, options }) => {
    const [top = '', sub] = name.split(' ');
    const isTyped = sub
      ? `__fish_seen_subcommand_from ${top}; and __fish_seen_subcommand_from ${sub}`
      : `__fish_seen_subcommand_from ${top}`;
    const own = sub
      ? `complete -c ferry -f -n '__fish_seen_subcommand_from ${top}' -a ${sub} -d ${quoted(summary)}`
      : `complete -c ferry -f -n __fish_use_subcommand -a ${top} -d ${quoted(summary)}`;
    const its = options.map(({ short, long, required, argChoices, description }) => {
      const flags = [short && `-s ${short.slice(1)}`, long && `-l ${long.slice(2)}`].filter(Boolean).join(' ');
      const value = argChoices ? ` -x -a ${quoted(argChoices.join(' '))}` : required ? ' -r' : '';
      return `complete -c ferry -n ${quoted(isTyped)} ${flags}${value} -d ${quoted(description)}`;
    });
    return [own, ...its];
  });
  return `# fish completion of ferry:  ferry completion fish | source
complete -c ferry -n 'string match -q "*:*" -- (commandline -ct)' -a '(ferry __complete -- (commandline -ct) 2>/dev/null)'
complete -c ferry -n 'not __fish_use_subcommand' -a 'oss:// s3://'
${lines.join('\n')}
`;
}
