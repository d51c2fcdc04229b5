import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import type { CSSProperties, KeyboardEvent, PointerEvent, ReactNode } from 'react';
import { useWords } from '../words/words.ts';
import { IconButton } from './IconButton.tsx';
import styles from './SidePanel.module.css';
import { useMedia } from './theme.ts';

export interface SidePanelProps {
  readonly title: ReactNode;
  /** Its accessible name. */
  readonly label: string;
  readonly subtitle?: ReactNode;
  /** Beside the title: pin, say. */
  readonly actions?: ReactNode;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** In CSS pixels, with what changes it. */
  readonly width: number;
  readonly widths: { readonly least: number; readonly most: number };
  readonly onWidth: (width: number) => void;
}

/** Details beside the list; in a narrow window a sheet over it. Escape closes it either way. */
export function SidePanel(props: SidePanelProps) {
  const isBeside = useMedia('(min-width: 1100px)');
  return isBeside ? <Beside {...props} /> : <Sheet {...props} />;
}

function Beside(props: SidePanelProps) {
  const { label, width, onClose } = props;
  return (
    // biome-ignore lint/a11y/noNoninteractiveElementInteractions: Escape closes it from anywhere inside
    <aside
      aria-label={label}
      className={styles.beside}
      style={{ '--panel': `${width}px` } as CSSProperties}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented) {
          onClose();
        }
      }}
    >
      <Edge {...props} />
      <Inside {...props} />
    </aside>
  );
}

function Sheet(props: SidePanelProps) {
  const { label, onClose } = props;
  return (
    <Radix.Root open onOpenChange={(next) => (next ? undefined : onClose())}>
      <Radix.Portal>
        <Radix.Overlay className={styles.scrim} />
        <Radix.Content
          className={styles.sheet}
          aria-label={label}
          aria-describedby={undefined}
          data-side-panel=""
          tabIndex={-1}
          // To the sheet itself: a button that takes it would show its tooltip over what one came to read.
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            if (event.currentTarget instanceof HTMLElement) {
              event.currentTarget.focus();
            }
          }}
        >
          <Radix.Title hidden>{label}</Radix.Title>
          <Inside {...props} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Inside({ title, subtitle, actions, onClose, children }: SidePanelProps) {
  const say = useWords();
  return (
    <>
      <header className={styles.header}>
        <div className={styles.titles}>
          <h2 className={styles.title}>{title}</h2>
          {subtitle === undefined ? null : <div className={styles.subtitle}>{subtitle}</div>}
        </div>
        <div className={styles.actions}>
          {actions}
          <IconButton icon={X} label={say('kit.close')} keys="Escape" size="small" onClick={onClose} />
        </div>
      </header>
      <div className={styles.body}>{children}</div>
    </>
  );
}

/** How far an arrow key moves the edge, in CSS pixels. */
const stride = 16;

function Edge({ width, widths, onWidth }: SidePanelProps) {
  const say = useWords();
  const set = (next: number) => onWidth(Math.round(Math.min(widths.most, Math.max(widths.least, next))));
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) {
      set(window.innerWidth - event.clientX);
    }
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      event.preventDefault();
      set(width + (event.key === 'ArrowLeft' ? stride : -stride));
    }
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an hr cannot be moved; this is the window splitter pattern
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={say('kit.resizePanel')}
      aria-valuenow={width}
      aria-valuemin={widths.least}
      aria-valuemax={widths.most}
      tabIndex={0}
      className={styles.edge}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={press}
    />
  );
}
