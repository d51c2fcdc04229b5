import { Command } from 'cmdk';
import { Search } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { useState } from 'react';
import { KeyHint } from '../kit/KeyHint.tsx';
import { useApp, useContexts, usePods, useServices, useWindow } from '../store/hooks.ts';
import { useWords } from '../words/words.ts';
import styles from './Palette.module.css';
import { PaletteRow } from './PaletteRow.tsx';
import { usePaletteGroups } from './use-palette-groups.tsx';

/** Everything by name: Mod+K. */
export function Palette() {
  const say = useWords();
  const app = useApp();
  const isOpen = useWindow((state) => state.isPaletteOpen);
  return (
    <Dialog.Root open={isOpen} onOpenChange={(isPaletteOpen) => app.window.setState({ isPaletteOpen })}>
      <Dialog.Portal>
        <Dialog.Overlay className={styles.scrim} />
        <Dialog.Content
          className={styles.palette}
          aria-describedby={undefined}
          onCloseAutoFocus={(event) => {
            // What was chosen here leads into a field, not back.
            if (app.window.getState().isExplaining) {
              event.preventDefault();
            }
          }}
        >
          <Dialog.Title hidden>{say('shell.palette')}</Dialog.Title>
          <Inside onDone={() => app.window.setState({ isPaletteOpen: false })} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Inside({ onDone }: { readonly onDone: () => void }) {
  const say = useWords();
  const [text, setText] = useState('');
  const [moved, setMoved] = useState('');
  const lists = [useContexts(({ state }) => state), useServices(({ state }) => state), usePods(({ state }) => state)];
  const groups = usePaletteGroups(text);
  const values = groups.flatMap(({ rows }) => rows.map(({ value }) => value));
  // Enter takes the best, until somebody moves: and that is what is marked.
  const selected = values.includes(moved) ? moved : (values[0] ?? '');
  return (
    <Command label={say('shell.palette')} shouldFilter={false} loop value={selected} onValueChange={setMoved}>
      <div className={styles.field}>
        <Search className={styles.icon} aria-hidden="true" />
        <Command.Input
          className={styles.input}
          placeholder={say('shell.paletteHint')}
          value={text}
          onValueChange={(next) => {
            setText(next);
            setMoved('');
          }}
        />
        <KeyHint keys="Escape" />
      </div>
      <Command.List className={styles.list}>
        <Command.Empty className={styles.empty}>
          {lists.includes('loading') ? say('kit.loading') : say('shell.paletteEmpty', { text })}
        </Command.Empty>
        {groups.map(({ id, heading, rows }) => (
          <Command.Group key={id} heading={heading} className={styles.group}>
            {rows.map((row) => (
              <PaletteRow key={row.value} row={row} onDone={onDone} />
            ))}
          </Command.Group>
        ))}
      </Command.List>
    </Command>
  );
}
