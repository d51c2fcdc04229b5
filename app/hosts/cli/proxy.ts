/** `slipway proxy`: how programs use the proxy of a connection. What is printed lets in whoever has it, so it is printed only here. */
import {
  type CoreLink,
  type ProxyAccess,
  type ProxyProgram,
  proxyLines,
  proxyPrograms,
  proxyUrl,
} from '../../contract/index.ts';
import { contextOfFlag } from './caller.ts';
import { data, type Format, json, say } from './output.ts';
import { unwrap } from './run.ts';

const titles: Readonly<Record<ProxyProgram, string>> = {
  shell: 'this shell and what it starts',
  curl: 'curl',
  browser: 'Chromium, Chrome, Edge (others: the PAC address in their settings)',
  java: 'Java',
  node: 'Node.js 24 and later',
  git: 'git',
};

export async function printProxy(core: CoreLink, format: Format): Promise<void> {
  const access = unwrap(await core.call('getProxy', { context: contextOfFlag() }));
  if (format === 'json') {
    json({ ...access, socks: proxyUrl(access, 'socks5h'), http: proxyUrl(access, 'http'), lines: proxyLines(access) });
    return;
  }
  proxyText(access).forEach(data);
  say(proxyNote(access));
}

/** Where it is, then lines to copy, each under what it is for. */
export function proxyText(access: ProxyAccess): string[] {
  const lines = proxyLines(access);
  return [
    `SOCKS5    ${proxyUrl(access, 'socks5h')}`,
    `HTTP      ${proxyUrl(access, 'http')}`,
    `PAC file  ${access.pacUrl}`,
    ...proxyPrograms.flatMap((program) => ['', `# ${titles[program]}`, ...lines[program]]),
  ];
}

/** Who gets in, and what else goes through it. */
export function proxyNote({ knowsUsers }: ProxyAccess): string {
  const who = knowsUsers
    ? 'It lets in programs of your user alone.'
    : 'It lets in whoever names this password: keep it from other users of this computer.';
  return `${who} What is not the cluster's goes out as without it.`;
}
