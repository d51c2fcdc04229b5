/** Actions of the window that menu and tray ask for, by their ids in renderer/actions (a test says that they are there). */
export const windowActions = {
  about: 'go-about',
  settings: 'go-settings',
  diagnostics: 'go-diagnostics',
  palette: 'open-palette',
  shortcuts: 'open-shortcuts',
} as const;
