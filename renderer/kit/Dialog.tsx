import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { type ReactNode, useRef } from 'react';
import { useWords } from '../words/words.ts';
import { classes } from './classes.ts';
import styles from './Dialog.module.css';
import { IconButton } from './IconButton.tsx';
import { useFirstEscape } from './use-first-escape.ts';

/** To what is marked `data-autofocus`, else to the dialog itself: the cross would be the first, and nobody's wish. */
function focusFirst(event: Event): void {
  event.preventDefault();
  if (event.currentTarget instanceof HTMLElement) {
    const dialog = event.currentTarget;
    (dialog.querySelector<HTMLElement>('[data-autofocus]') ?? dialog).focus();
  }
}

/** A question or a task that must end before anything else goes on. Escape and the cross close it. */
export function Dialog({
  isOpen,
  onClose,
  title,
  description,
  children,
  footer,
  size = 'normal',
}: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly description?: ReactNode;
  readonly children?: ReactNode;
  /** Buttons; the one to press last comes last. */
  readonly footer?: ReactNode;
  readonly size?: 'normal' | 'wide';
}) {
  const say = useWords();
  const content = useRef<HTMLDivElement>(null);
  useFirstEscape(content, isOpen, onClose);
  return (
    <Radix.Root open={isOpen} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Radix.Portal>
        <Radix.Overlay className={styles.scrim} />
        <Radix.Content
          ref={content}
          className={classes(styles.dialog, styles[size])}
          tabIndex={-1}
          onOpenAutoFocus={focusFirst}
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
        >
          <header className={styles.header}>
            <Radix.Title className={styles.title}>{title}</Radix.Title>
            <IconButton icon={X} label={say('kit.close')} keys="Escape" size="small" onClick={onClose} />
          </header>
          {description === undefined ? null : (
            <Radix.Description asChild>
              <div className={styles.description}>{description}</div>
            </Radix.Description>
          )}
          {children === undefined ? null : <div className={styles.body}>{children}</div>}
          {footer === undefined ? null : <footer className={styles.footer}>{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
