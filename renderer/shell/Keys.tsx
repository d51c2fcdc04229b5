import { useEffect, useLayoutEffect } from 'react';
import { type Action, keysOf } from '../actions/action.ts';
import { actions, findAction } from '../actions/registry.ts';
import { useRunAction } from '../actions/use-action.ts';
import { useApp } from '../store/hooks.ts';
import { hasModifier, isPressOf, takesText } from './keys.ts';

/** What is over the page and has the keys for itself. */
const overPage =
  '[role="dialog"][data-state="open"]:not([data-side-panel]), [role="menu"][data-state="open"], [role="listbox"][data-state="open"]';

/** Hears the keyboard, the menu and the tray for the whole window: the one place that does. */
export function Keys() {
  const { host, listOnScreen } = useApp();
  const run = useRunAction();
  // Before the first paint: what is seen can be used.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) {
        return;
      }
      const isMeant = (action: Action) => isPressOf(event, keysOf(action, host.kind) ?? '', host.platform);
      const action = actions.find(isMeant);
      if (action === undefined) {
        return;
      }
      if (!hasModifier(keysOf(action, host.kind) ?? '') && takesText(event.target)) {
        return;
      }
      if (action.id !== 'open-palette' && document.querySelector(overPage) !== null) {
        return;
      }
      event.preventDefault();
      if (action.group === 'service') {
        listOnScreen.settle();
      }
      run(action);
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [host, listOnScreen, run]);
  useEffect(
    () =>
      host.onAction((id) => {
        const action = findAction(id);
        if (action !== null) {
          run(action);
        }
      }),
    [host, run],
  );
  return null;
}
