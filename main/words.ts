/** What main itself says: menus, tray, dialogs, notifications. The window's words are renderer/words. */
import type { Settings } from '../app/contract/index.ts';
import type { Notice } from '../app/hosts/notices.ts';

export interface Words {
  readonly off: string;
  readonly connecting: (context: string) => string;
  readonly connected: (context: string) => string;
  readonly reconnecting: (context: string) => string;
  readonly disconnecting: string;
  readonly failed: (context: string) => string;
  readonly coreGone: string;
  readonly connect: (context: string) => string;
  readonly disconnect: string;
  readonly cancel: string;
  readonly recent: string;
  readonly pinned: string;
  readonly open: string;
  readonly diagnostics: string;
  readonly quit: string;
  readonly quitting: string;
  readonly restored: string;
  readonly leftOver: (count: number) => string;
  readonly notice: Readonly<Record<Notice['kind'], (context: string) => string>>;
  readonly openTitle: (host: string) => string;
  readonly openInBrowser: string;
  readonly closeTitle: string;
  readonly closeDetail: string;
  readonly keepRunning: string;
  readonly remember: string;
  readonly edit: string;
  readonly view: string;
  readonly window: string;
  readonly help: string;
  readonly settings: string;
  readonly palette: string;
  readonly shortcuts: string;
  readonly about: string;
}

export const english: Words = {
  off: 'Off',
  connecting: (context) => `Connecting to ${context}`,
  connected: (context) => `Connected to ${context}`,
  reconnecting: (context) => `Reconnecting to ${context}`,
  disconnecting: 'Disconnecting',
  failed: (context) => `${context} could not be connected`,
  coreGone: 'Slipway’s core does not answer',
  connect: (context) => `Connect ${context}`,
  disconnect: 'Disconnect',
  cancel: 'Cancel',
  recent: 'Connect to',
  pinned: 'Copy address of',
  open: 'Open Slipway',
  diagnostics: 'Diagnostics',
  quit: 'Disconnect and quit',
  quitting: 'Slipway is disconnecting',
  restored: 'Disconnected. This computer is as it was.',
  leftOver: (count) => `Disconnected, but ${count} changes could not be undone. Open Diagnostics.`,
  notice: {
    lost: (context) => `The connection to ${context} was lost. Slipway is trying again.`,
    recovered: (context) => `The connection to ${context} is back.`,
    refused: (context) => `${context} no longer lets you in. Open Slipway to see why.`,
    failed: (context) => `The connection to ${context} ended. Open Slipway to see why.`,
    withdrawn: (context) =>
      `This network uses addresses of ${context}. What collides is not reached until you leave it.`,
  },
  openInBrowser: 'Open',
  openTitle: (host) => `Open ${host} in the browser?`,
  closeTitle: 'Keep Slipway running?',
  closeDetail: 'The window closes. The connection stays until you disconnect or quit.',
  keepRunning: 'Keep running',
  remember: 'Do not ask again',
  edit: 'Edit',
  view: 'View',
  window: 'Window',
  help: 'Help',
  settings: 'Settings…',
  palette: 'Find Anything…',
  shortcuts: 'Keyboard Shortcuts',
  about: 'About Slipway',
};

export const chinese: Words = {
  off: '未连接',
  connecting: (context) => `正在连接 ${context}`,
  connected: (context) => `已连接 ${context}`,
  reconnecting: (context) => `正在重连 ${context}`,
  disconnecting: '正在断开',
  failed: (context) => `无法连接 ${context}`,
  coreGone: 'Slipway 核心没有响应',
  connect: (context) => `连接 ${context}`,
  disconnect: '断开连接',
  cancel: '取消',
  recent: '连接到',
  pinned: '复制地址',
  open: '打开 Slipway',
  diagnostics: '诊断',
  quit: '断开并退出',
  quitting: 'Slipway 正在断开连接',
  restored: '已断开。本机已恢复原状。',
  leftOver: (count) => `已断开，但有 ${count} 项更改未能撤销。请打开“诊断”。`,
  notice: {
    lost: (context) => `与 ${context} 的连接已中断，Slipway 正在重试。`,
    recovered: (context) => `与 ${context} 的连接已恢复。`,
    refused: (context) => `${context} 不再允许你访问。请打开 Slipway 查看原因。`,
    failed: (context) => `与 ${context} 的连接已结束。请打开 Slipway 查看原因。`,
    withdrawn: (context) => `当前网络占用了 ${context} 的部分地址。离开该网络之前，冲突的地址无法访问。`,
  },
  openInBrowser: '打开',
  openTitle: (host) => `在浏览器中打开 ${host}？`,
  closeTitle: '让 Slipway 继续运行？',
  closeDetail: '窗口将关闭。在你断开或退出之前，连接会保持。',
  keepRunning: '继续运行',
  remember: '不再询问',
  edit: '编辑',
  view: '显示',
  window: '窗口',
  help: '帮助',
  settings: '设置…',
  palette: '查找…',
  shortcuts: '键盘快捷键',
  about: '关于 Slipway',
};

export function wordsOf(language: Settings['language'], system: string): Words {
  const chosen = language === 'system' ? system : language;
  return chosen.toLowerCase().startsWith('zh') ? chinese : english;
}
