/** Names of the messages between the preload and main: bridge.ts on one side, preload.ts on the other. */
export const channels = {
  openLink: 'slipway:open-link',
  closeLink: 'slipway:close-link',
  sendLine: 'slipway:send-line',
  linkOpened: 'slipway:link-opened',
  line: 'slipway:line',
  linkClosed: 'slipway:link-closed',
  setTheme: 'slipway:set-theme',
  action: 'slipway:action',
  openExternal: 'slipway:open-external',
  copyText: 'slipway:copy-text',
  pickKubeconfigs: 'slipway:pick-kubeconfigs',
  pickReportPath: 'slipway:pick-report-path',
} as const;
