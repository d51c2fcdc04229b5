import { spawnSync } from 'node:child_process';
import { Argument, Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { candidatesFor } from './complete.ts';
import { completionScript } from './completion.ts';

function program(): Command {
  const made = new Command('slipway')
    .option('--context <name>')
    .option('--kubeconfig <file>')
    .configureHelp({ showGlobalOptions: true });
  made
    .command('connect [context]')
    .description('join')
    .option('-n, --namespace <name>')
    .addOption(new Option('-o, --output <format>').choices(['text', 'json']));
  made.command('doctor').option('--trust-exec');
  made.command('completion').addArgument(new Argument('<shell>').choices(['bash', 'zsh']));
  made.command('secret', { hidden: true });
  made.command('settings').command('set <setting> <value...>');
  const sandbox = made.command('sandbox');
  sandbox.command('up').addOption(new Option('--proxy-mode <mode>').choices(['iptables', 'nftables']));
  return made;
}

describe('what may come next', () => {
  const contexts = ['team-one', 'team-two', 'home'];
  const words = async (...line: string[]) =>
    (await candidatesFor(program(), line, { contexts: async () => contexts })).map(({ word }) => word);

  it('are commands at first, without hidden ones', async () => {
    expect(await words('')).toEqual(['connect', 'doctor', 'completion', 'settings', 'sandbox', 'help']);
    expect(await words('con')).toEqual(['connect']);
    expect(await words('sandbox', '')).toContain('up');
  });

  it('are contexts where one is meant, once', async () => {
    expect(await words('connect', 'team')).toEqual(['team-one', 'team-two']);
    expect(await words('connect', 'home', '')).toEqual([]);
    expect(await words('doctor', '--context', '')).toEqual(contexts);
    expect(await words('--context', 'h')).toEqual(['home']);
    expect(await words('--context', 'home', 'doc')).toEqual(['doctor']);
  });

  it.each<[string, string[], string]>([
    ['none', ['connect', ''], ''],
    ['before the command', ['--kubeconfig', '/a b/kc', 'connect', ''], '/a b/kc'],
    ['after it', ['connect', '--kubeconfig=~/kc', ''], '~/kc'],
    ['for an option', ['doctor', '--kubeconfig', 'kc', '--context', ''], 'kc'],
    ['for a setting', ['--kubeconfig', 'kc', 'settings', 'set', 'pinnedContexts', ''], 'kc'],
    ['twice', ['--kubeconfig', 'one', '--kubeconfig=two', 'connect', ''], 'two'],
  ])('are contexts of the kubeconfig that the line names: %s', async (_, line, expected) => {
    const asked: string[] = [];
    const lookups = {
      contexts: async (kubeconfig: string) => {
        asked.push(kubeconfig);
        return contexts;
      },
    };
    expect((await candidatesFor(program(), line, lookups)).map(({ word }) => word)).toEqual(contexts);
    expect(asked).toEqual([expected]);
  });

  it('are the options and values of the command at hand', async () => {
    expect(await words('doctor', '--')).toEqual(['--trust-exec', '--help', '--context', '--kubeconfig']);
    expect(await words('connect', '-o', '')).toEqual(['text', 'json']);
    expect(await words('connect', '--namespace', 'shop', 'h')).toEqual(['home']);
    expect(await words('sandbox', 'up', '--proxy-mode', 'n')).toEqual(['nftables']);
    expect(await words('completion', '')).toEqual(['bash', 'zsh']);
  });

  it('are the names of settings, and what one can be', async () => {
    expect(await words('settings', 'set', 'ex')).toEqual(['extraDomains', 'extraRanges', 'excludedRanges']);
    expect(await words('settings', 'set', 'theme', '')).toEqual(['system', 'light', 'dark']);
    expect(await words('settings', 'set', 'recover', '')).toEqual(['on', 'off']);
    expect(await words('settings', 'set', 'pinnedContexts', 'home', 'team')).toEqual(['team-one', 'team-two']);
  });

  it('is nothing where the command line makes no sense', async () => {
    expect(await words('nothing', 'of', 'the', 'kind', '--')).toContain('--help');
    expect(await words('connect', '--namespace', '')).toEqual([]);
  });
});

describe('the script for bash', () => {
  /** What bash would offer after this line, with these answers of the program. */
  function offered(line: string, answers: readonly string[]): string[] {
    const script = `${completionScript('bash', ['answer'])}
answer() { cat <<'EOF'
${answers.join('\n')}
EOF
}
COMP_LINE="$1"; COMP_POINT=\${#1}; _slipway; [ \${#COMPREPLY[@]} -eq 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`;
    const outcome = spawnSync('bash', ['-c', script, 'bash', line], { encoding: 'utf8' });
    expect(outcome.stderr).toBe('');
    return outcome.stdout.split('\n').filter((word) => word !== '');
  }

  it('offers words without their descriptions', () => {
    expect(offered('slipway con', ['connect\tjoin', 'contexts\tlist'])).toEqual(['connect', 'contexts']);
    expect(offered('slipway nothing ', [])).toEqual([]);
  });

  it('says only the rest of a name that bash broke at a colon', () => {
    expect(offered('slipway connect arn:aws:', ['arn:aws:eks:eu:1:cluster/shop'])).toEqual(['eks:eu:1:cluster/shop']);
  });

  it('never lets the shell expand what a kubeconfig says', () => {
    const [word] = offered('slipway connect ', ['$(echo pwned)']);
    expect(word).toBe('\\$\\(echo\\ pwned\\)');
  });
});
