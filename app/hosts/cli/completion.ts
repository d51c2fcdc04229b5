/** Completion scripts, made from the program itself, so that they never name an option that is not there. */
import type { Command } from 'commander';
import { Ended } from './run.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;

interface Words {
  readonly command: string;
  readonly description: string;
  readonly options: readonly string[];
}

function wordsOf(program: Command): Words[] {
  return program.commands.flatMap((command) => [
    {
      command: command.name(),
      description: command.description(),
      options: [
        ...command.commands.map((child) => child.name()),
        ...command.options.flatMap((option) =>
          [option.short, option.long].filter((name) => name !== undefined && name !== null),
        ),
      ],
    },
  ]);
}

const quote = (text: string) => `'${text.replace(/'/g, "'\\''")}'`;

function bash(words: readonly Words[]): string {
  const cases = words
    .map(({ command, options }) => `    ${command}) choices=${quote(options.join(' '))} ;;`)
    .join('\n');
  return `_slipway() {
  local choices current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    choices=${quote(words.map(({ command }) => command).join(' '))}
  else case "\${COMP_WORDS[1]}" in
${cases}
  esac; fi
  case "\${COMP_WORDS[1]} $previous" in
    'connect connect'|'start start'|*' --context') choices="$choices $(slipway contexts -o json 2>/dev/null | sed -n 's/^      "name": "\\(.*\\)",$/\\1/p')" ;;
  esac
  COMPREPLY=($(compgen -W "$choices" -- "$current"))
}
complete -F _slipway slipway`;
}

function zsh(words: readonly Words[]): string {
  const commands = words.map(({ command, description }) => `    ${quote(`${command}:${description}`)}`).join('\n');
  const cases = words.map(({ command, options }) => `    ${command}) compadd -- ${options.join(' ')} ;;`).join('\n');
  return `#compdef slipway
_slipway() {
  local -a commands=(
${commands}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case $words[2] in
${cases}
  esac
}
compdef _slipway slipway`;
}

function fish(words: readonly Words[]): string {
  return words
    .flatMap(({ command, description, options }) => [
      `complete -c slipway -f -n __fish_use_subcommand -a ${command} -d ${quote(description)}`,
      `complete -c slipway -f -n ${quote(`__fish_seen_subcommand_from ${command}`)} -a ${quote(options.join(' '))}`,
    ])
    .join('\n');
}

export function completionScript(program: Command, shell: string): string {
  const words = wordsOf(program);
  switch (shell) {
    case 'bash':
      return bash(words);
    case 'zsh':
      return zsh(words);
    case 'fish':
      return fish(words);
    default:
      throw new Ended(`there is no completion for ${shell}: choose one of ${shells.join(', ')}`);
  }
}
