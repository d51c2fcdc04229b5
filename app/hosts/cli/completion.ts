/**
 * Completion scripts. They ask `slipway complete` with the words so far and take lines of "word TAB description" back.
 * Words come from kubeconfigs too, so that no script may let the shell expand them.
 */
import { Ended } from './run.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;

const quote = (text: string) => `'${text.replace(/'/g, "'\\''")}'`;

// The line is read anew because bash breaks words at `:`, `=` and `@`, which names of contexts are full of; what it
// broke off must not be said again.
const bash = (program: string) => `_slipway() {
  local line="\${COMP_LINE:0:COMP_POINT}" current broken candidate
  local -a words=()
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current="\${words[-1]}"
  broken="\${current%"\${current##*[:=@]}"}"
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate _; do
    [[ -n $candidate ]] || continue
    candidate="\${candidate#"$broken"}"
    COMPREPLY+=("$(printf '%q' "$candidate")")
  done < <(${program} complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _slipway slipway`;

const zsh = (program: string) => `#compdef slipway
_slipway() {
  local -a lines names shown
  lines=("\${(@f)$(${program} complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  lines=("\${(@)lines:#}")
  names=("\${(@)lines%%$'\\t'*}")
  shown=("\${(@)lines/$'\\t'/  -- }")
  compadd -l -d shown -a names
}
compdef _slipway slipway`;

const fish = (program: string) => `function __slipway_complete
  set -l words (commandline -opc) (commandline -ct)
  ${program} complete -- $words[2..-1] 2>/dev/null
end
complete -c slipway -f -a '(__slipway_complete)'`;

/** `program`: what starts this very program, as an argument vector. */
export function completionScript(shell: string, program: readonly string[]): string {
  const words = program.map(quote).join(' ');
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
