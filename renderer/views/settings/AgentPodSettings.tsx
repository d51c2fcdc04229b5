import {
  type AgentPodChoices,
  type ContextKey,
  changesOf,
  keyText,
  noAgentPodChoices,
  objectionsTo,
  type Settings,
} from '../../../app/contract/index.ts';
import { Button } from '../../kit/Button.tsx';
import { choicesOf, withContext } from '../../store/context-choices.ts';
import { cleanText } from '../../words/clean-text.ts';
import { useWords, type WordId } from '../../words/words.ts';
import { TextSetting } from './fields.tsx';
import { SettingRow } from './SettingRow.tsx';
import { useChange } from './use-change.ts';

type Pairs = 'agentLabels' | 'agentAnnotations' | 'agentNodeSelector' | 'agentRequests' | 'agentLimits';
type List = 'agentTolerations' | 'agentPullSecrets';

const rows: readonly {
  readonly name: Pairs | List | 'agentPriorityClass';
  readonly label: WordId;
  readonly example: string;
}[] = [
  { name: 'agentLabels', label: 'settings.pod.labels', example: 'team=payments' },
  { name: 'agentAnnotations', label: 'settings.pod.annotations', example: 'example.org/owner=jane' },
  { name: 'agentRequests', label: 'settings.pod.requests', example: 'cpu=20m, memory=32Mi' },
  { name: 'agentLimits', label: 'settings.pod.limits', example: 'cpu=1, memory=256Mi' },
  { name: 'agentNodeSelector', label: 'settings.pod.nodeSelector', example: 'pool=development' },
  { name: 'agentTolerations', label: 'settings.pod.tolerations', example: 'dedicated=development:NoSchedule' },
  { name: 'agentPriorityClass', label: 'settings.pod.priorityClass', example: 'low' },
  { name: 'agentPullSecrets', label: 'settings.pod.pullSecrets', example: 'registry' },
];

/** What one cluster's policies want of the agent's pod. */
export function AgentPodSettings({ settings, of }: { readonly settings: Settings; readonly of: ContextKey }) {
  const say = useWords();
  const own = choicesOf(settings, of);
  return (
    <>
      {rows.map(({ name, label, example }) => (
        <TextSetting
          key={`${name} ${keyText(of)}`}
          label={say(label)}
          value={textOf(own[name])}
          placeholder={example}
          complain={(text) => complaintAbout(name, text)}
          changeFor={(text) => ({ contexts: withContext(settings, of, { [name]: valueIn(name, text) ?? own[name] }) })}
        />
      ))}
      {own.agentPodPatch === '' ? null : <PatchRow settings={settings} of={of} own={own} />}
    </>
  );
}

/** What `--agent-pod-file` gave: shown, and taken back here. */
function PatchRow({
  settings,
  of,
  own,
}: {
  readonly settings: Settings;
  readonly of: ContextKey;
  readonly own: AgentPodChoices;
}) {
  const say = useWords();
  const [saving, change] = useChange();
  const lines = changesOf({ ...noAgentPodChoices, agentPodPatch: own.agentPodPatch });
  return (
    <SettingRow
      label={say('settings.pod.patch')}
      hint={lines.map((line) => cleanText(line, 200)).join('; ')}
      saving={saving}
      isWide
    >
      {({ describedBy }) => (
        <Button
          {...(describedBy === undefined ? {} : { 'aria-describedby': describedBy })}
          onClick={() => void change({ contexts: withContext(settings, of, { agentPodPatch: '' }) })}
        >
          {say('settings.remove')}
        </Button>
      )}
    </SettingRow>
  );
}

function textOf(value: string | readonly string[] | Readonly<Record<string, string>>): string {
  if (typeof value === 'string') {
    return value;
  }
  return Array.isArray(value)
    ? value.join(', ')
    : Object.entries(value)
        .map(([name, one]) => `${name}=${one}`)
        .join(', ');
}

/** Undefined where the text is not of the form that this field has. */
function valueIn(name: (typeof rows)[number]['name'], text: string) {
  const words = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (name === 'agentPriorityClass') {
    return words.length < 2 ? text.trim() : undefined;
  }
  if (name === 'agentTolerations' || name === 'agentPullSecrets') {
    return words;
  }
  return words.every((word) => /^[^=\s]+=/.test(word))
    ? Object.fromEntries(words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]))
    : undefined;
}

function complaintAbout(name: (typeof rows)[number]['name'], text: string): WordId | null {
  const value = valueIn(name, text);
  if (value === undefined) {
    return 'settings.pod.pairForm';
  }
  return objectionsTo({ ...noAgentPodChoices, [name]: value }).length > 0 ? 'settings.pod.refused' : null;
}
