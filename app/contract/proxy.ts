/** How programs are told to use the proxy of a connection. Pure. */
import { z } from 'zod';

export const proxyAccessSchema = z.object({
  port: z.number(), // on 127.0.0.1
  knowsUsers: z.boolean(), // the user's own programs need no password
  username: z.string(),
  password: z.string(),
  pacUrl: z.string(),
});
export type ProxyAccess = z.infer<typeof proxyAccessSchema>;

/** Programs and languages that have words of their own for a proxy. */
export const proxyPrograms = ['shell', 'curl', 'browser', 'java', 'node', 'git'] as const;
export type ProxyProgram = (typeof proxyPrograms)[number];

/** Where a program finds the proxy; `socks5h` has names asked for there, `socks5` would have the program ask. */
export function proxyUrl(access: ProxyAccess, scheme: 'socks5h' | 'http'): string {
  const { port, knowsUsers, username, password } = access;
  const who = knowsUsers ? '' : `${username}:${password}@`;
  return `${scheme}://${who}127.0.0.1:${port}`;
}

/** Lines of a POSIX shell for each program. What is the laptop's own stays out of the proxy. */
export function proxyLines(access: ProxyAccess): Readonly<Record<ProxyProgram, readonly string[]>> {
  const { port, pacUrl } = access;
  const [socks, http] = [proxyUrl(access, 'socks5h'), proxyUrl(access, 'http')];
  const direct = 'localhost,127.0.0.1,::1';
  return {
    shell: [
      `export ALL_PROXY=${socks} HTTP_PROXY=${http} HTTPS_PROXY=${http} NO_PROXY=${direct}`,
      'export all_proxy=$ALL_PROXY http_proxy=$HTTP_PROXY https_proxy=$HTTPS_PROXY no_proxy=$NO_PROXY',
    ],
    curl: [`curl --proxy ${socks} http://SERVICE.NAMESPACE`],
    browser: [`chromium --user-data-dir=/tmp/slipway-chromium --proxy-pac-url=${pacUrl}`],
    java: [
      `java -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=${port} -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=${port} '-Dhttp.nonProxyHosts=localhost|127.*' -jar PROGRAM.jar`,
    ],
    node: [`NODE_USE_ENV_PROXY=1 HTTP_PROXY=${http} HTTPS_PROXY=${http} NO_PROXY=${direct} node PROGRAM.js`],
    git: [`git -c http.proxy=${socks} clone http://SERVICE.NAMESPACE/REPOSITORY.git`],
  };
}
