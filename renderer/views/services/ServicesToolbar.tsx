import { Layers, Star } from 'lucide-react';
import type { ContextKey } from '../../../app/contract/index.ts';
import { ToggleChip } from '../../kit/ToggleChip.tsx';
import { useApp, useWindow } from '../../store/hooks.ts';
import type { ServiceFilter } from '../../store/window.ts';
import { useWords } from '../../words/words.ts';
import { ListToolbar } from './ListToolbar.tsx';
import type { ListSource } from './use-list-source.ts';

/** The filters over the list of Services. */
export function ServicesToolbar(props: {
  readonly context: ContextKey;
  readonly source: ListSource<unknown>;
  readonly chosen: readonly string[];
  readonly onChoose: (namespaces: readonly string[]) => void;
}) {
  const say = useWords();
  const app = useApp();
  const filter = useWindow((state) => state.filter);
  const change = (part: Partial<ServiceFilter>) => app.window.setState({ filter: { ...filter, ...part } });
  return (
    <ListToolbar
      {...props}
      label={say('services.filter')}
      text={filter.text}
      // Other words find other rows: the keys begin at the first of them.
      onText={(text) => app.window.setState({ filter: { ...filter, text }, cursor: null })}
    >
      <ToggleChip isOn={filter.isReadyOnly} onChange={(isReadyOnly) => change({ isReadyOnly })}>
        {say('services.readyOnly')}
      </ToggleChip>
      <ToggleChip icon={Star} isOn={filter.isPinnedOnly} onChange={(isPinnedOnly) => change({ isPinnedOnly })}>
        {say('services.pinned')}
      </ToggleChip>
      <ToggleChip icon={Layers} isOn={filter.isGrouped} onChange={(isGrouped) => change({ isGrouped })}>
        {say('services.group')}
      </ToggleChip>
    </ListToolbar>
  );
}
