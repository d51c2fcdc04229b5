import { Check, TriangleAlert, X } from 'lucide-react';
import { Toast as Radix } from 'radix-ui';
import { useStore } from 'zustand';
import type { ToastsStore } from '../store/toasts.ts';
import { useWords } from '../words/words.ts';
import { classes } from './classes.ts';
import { ForeignText } from './ForeignText.tsx';
import styles from './Toaster.module.css';

/** How long a note stays, in milliseconds; it waits while it is looked at. */
const shown = 5000;

/** The corner where short notes appear. */
export function Toaster({ store }: { readonly store: ToastsStore }) {
  const say = useWords();
  const { toasts, dismiss } = useStore(store);
  return (
    <Radix.Provider duration={shown} swipeDirection="right">
      {toasts.map((toast) => (
        <Radix.Root
          key={toast.id}
          className={classes(styles.toast, styles[toast.tone])}
          type={toast.tone === 'bad' ? 'foreground' : 'background'}
          onOpenChange={(isOpen) => (isOpen ? undefined : dismiss(toast.id))}
        >
          {toast.tone === 'bad' ? (
            <TriangleAlert className={styles.icon} aria-hidden="true" />
          ) : (
            <Check className={styles.icon} aria-hidden="true" />
          )}
          <Radix.Description className={styles.words}>
            <ForeignText text={toast.text} kind="lines" bound={500} />
          </Radix.Description>
          <Radix.Close className={styles.close} aria-label={say('kit.close')}>
            <X className={styles.icon} aria-hidden="true" />
          </Radix.Close>
        </Radix.Root>
      ))}
      <Radix.Viewport className={styles.corner} />
    </Radix.Provider>
  );
}
