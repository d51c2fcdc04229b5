import type { LucideIcon } from 'lucide-react';
import styles from './ToggleChip.module.css';

/** A filter that is on or off. */
export function ToggleChip({
  icon: Icon,
  isOn,
  onChange,
  children,
}: {
  readonly icon?: LucideIcon;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly children: string;
}) {
  return (
    <button type="button" aria-pressed={isOn} className={styles.chip} onClick={() => onChange(!isOn)}>
      {Icon === undefined ? null : <Icon className={styles.icon} aria-hidden="true" />}
      {children}
    </button>
  );
}
