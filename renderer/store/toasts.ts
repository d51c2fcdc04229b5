/** Short notes that go by themselves. A note that matters is never only a toast: it is also in the activity. */
import { createStore, type StoreApi } from 'zustand/vanilla';

export interface Toast {
  readonly id: number;
  readonly tone: 'fine' | 'bad';
  readonly text: string;
}
export interface Toasts {
  readonly toasts: readonly Toast[];
  show(toast: Omit<Toast, 'id'>): void;
  dismiss(id: number): void;
}
export type ToastsStore = StoreApi<Toasts>;

/** More than three at once are a storm. */
const mostAtOnce = 3;

export function createToasts(): ToastsStore {
  let nextId = 1;
  return createStore<Toasts>((set) => ({
    toasts: [],
    show: (toast) => set(({ toasts }) => ({ toasts: [...toasts, { ...toast, id: nextId++ }].slice(-mostAtOnce) })),
    dismiss: (id) => set(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) })),
  }));
}
