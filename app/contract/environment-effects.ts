/**
 * Environment variables by which a kubeconfig can make a known program do something else than its command line says.
 * Sources: ld.so(8), dyld(1), the manuals of Node, Python, Perl, Ruby, Bash, Java, Git, OpenSSL, curl and the clouds'
 * command lines. No list can be whole: it marks, and the user decides with every value at hand.
 */

/** What a variable makes a program do: run other code, read another configuration, or trust or take another way. */
export type EnvironmentEffect = 'code' | 'configuration' | 'network' | 'none';

const effects: readonly (readonly [Exclude<EnvironmentEffect, 'none'>, RegExp])[] = [
  // Loaders, interpreters, shells and where programs are looked for.
  ['code', /^(LD_|DYLD_|MALLOC_|GCONV_PATH$|GLIBC_TUNABLES$)/],
  ['code', /^(PATH|PATHEXT|COMSPEC|SHELL|ENV|BASH_ENV|BASH_FUNC_.*|ZDOTDIR|FPATH|IFS|PS4|PROMPT_COMMAND)$/],
  ['code', /^(NODE_OPTIONS|NODE_PATH|NODE_REPL_.*|BUN_.*|DENO_.*|ELECTRON_RUN_AS_NODE)$/],
  ['code', /^(PYTHON|PERL5|PERLLIB|PERL_|RUBY|GEM_|BUNDLE_|LUA_|PHP|TCLLIBPATH|GUILE_|CLASSPATH$|JDK_JAVA_OPTIONS$)/],
  ['code', /^(_?JAVA_(TOOL_)?OPTIONS|JAVA_HOME|DOTNET_.*|COR_PROFILER.*|CORECLR_.*|COMPLUS_.*)$/],
  [
    'code',
    /^(CLOUDSDK_PYTHON.*|BROWSER|EDITOR|VISUAL|PAGER|GIT_.*|SSH_ASKPASS|SUDO_ASKPASS|OPENSSL_(CONF|ENGINES|MODULES))$/,
  ],
  // Proxies, and what is taken for a certificate authority.
  ['network', /(^|_)((HTTPS?|FTP|ALL|NO|SOCKS)_PROXY|PROXY)$/],
  [
    'network',
    /^(SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|AWS_CA_BUNDLE|SSLKEYLOGFILE|.*_CA_(CERT|CERTS|BUNDLE|FILE|PATH))$/,
  ],
  [
    'network',
    /^(RES_OPTIONS|LOCALDOMAIN|HOSTALIASES|NODE_TLS_REJECT_UNAUTHORIZED|NODE_EXTRA_CA_CERTS|.*_(ENDPOINT|ENDPOINT_URL|AUTHORITY_HOST|ISSUER|AUTH_URL|ADDR)(_.*)?)$/,
  ],
  // Which configuration, profile or credentials count.
  ['configuration', /^(HOME|USERPROFILE|APPDATA|LOCALAPPDATA|XDG_.*|TMPDIR|TEMP|TMP|KUBECONFIG|KUBERC)$/],
  ['configuration', /(^|_)(CONFIG|CONF|CREDENTIALS?|PROFILE|RC)(_|$)|_(HOME|DIR|FILE|PATH)$|RC$/],
];

/** The strongest thing that the variable is known to do. Names are compared as Windows does, where case says nothing. */
export function effectOf(variable: string): EnvironmentEffect {
  const name = variable.toUpperCase();
  return effects.find(([, pattern]) => pattern.test(name))?.[0] ?? 'none';
}
