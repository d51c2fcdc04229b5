import type { ReactNode } from 'react';
import type { ServiceKey } from '../../../app/contract/index.ts';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { SidePanel } from '../../kit/SidePanel.tsx';
import { useApp, useWindow } from '../../store/hooks.ts';
import { type ListName, listFields, panelWidths } from '../../store/window.ts';
import { cleanText } from '../../words/clean-text.ts';
import { useWords } from '../../words/words.ts';

/** The panel of a row: called as the row is, as wide as the last one was, and closed back to the list. */
export function RowPanel({
  list,
  of: { name },
  label,
  badge,
  subtitle,
  actions,
  children,
}: {
  readonly list: ListName;
  readonly of: ServiceKey;
  readonly label: string;
  /** Beside the name. */
  readonly badge: ReactNode;
  readonly subtitle: ReactNode;
  readonly actions: ReactNode;
  readonly children: ReactNode;
}) {
  const say = useWords();
  const { window: store } = useApp();
  const width = useWindow((state) => state.panelWidth);
  return (
    <SidePanel
      label={label}
      title={
        <>
          <ForeignText text={cleanText(name).trim() === '' ? say('services.unseenName') : name} bound={80} />
          {badge}
        </>
      }
      subtitle={subtitle}
      actions={actions}
      onClose={() => {
        store.setState({ [listFields[list].open]: null });
        document.querySelector<HTMLElement>('[data-list-grid]')?.focus();
      }}
      width={width}
      widths={panelWidths}
      onWidth={(panelWidth) => store.setState({ panelWidth })}
    >
      {children}
    </SidePanel>
  );
}
