import { type ActionGroup, keysOf } from '../actions/action.ts';
import { actions } from '../actions/registry.ts';
import type { HostKind } from '../host/host.ts';
import { Dialog } from '../kit/Dialog.tsx';
import { KeyHint } from '../kit/KeyHint.tsx';
import { useApp, useWindow } from '../store/hooks.ts';
import { useWords, type WordId } from '../words/words.ts';
import styles from './ShortcutSheet.module.css';

const groups: readonly (readonly [ActionGroup, WordId])[] = [
  ['connection', 'actions.groupConnection'],
  ['service', 'actions.groupService'],
  ['go', 'actions.groupGo'],
  ['look', 'actions.groupLook'],
  ['help', 'actions.groupHelp'],
];

/** Every key of the window, taken from the actions. */
export function ShortcutSheet() {
  const say = useWords();
  const app = useApp();
  const isOpen = useWindow((state) => state.isShortcutSheetOpen);
  return (
    <Dialog
      isOpen={isOpen}
      onClose={() => app.window.setState({ isShortcutSheetOpen: false })}
      title={say('shell.shortcuts')}
      size="wide"
    >
      <div className={styles.sheet}>
        {groups.map(([group, words]) => {
          const rows = rowsOf(group, app.host.kind);
          return rows.length === 0 ? null : (
            <section key={group} className={styles.group}>
              <h3 className={styles.title}>{say(words)}</h3>
              <dl>
                {rows.map(({ keys, words: name }) => (
                  <div key={keys} className={styles.row}>
                    <dt>{say(name)}</dt>
                    <dd>
                      <KeyHint keys={keys} />
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          );
        })}
      </div>
    </Dialog>
  );
}

/** One row for actions that show the same keys. */
function rowsOf(group: ActionGroup, host: HostKind): readonly { readonly keys: string; readonly words: WordId }[] {
  const rows = new Map<string, WordId>();
  for (const action of actions) {
    const keys = action.keysShown ?? keysOf(action, host);
    if (action.group === group && keys !== undefined) {
      rows.set(keys, action.words);
    }
  }
  return [...rows].map(([keys, words]) => ({ keys, words }));
}
