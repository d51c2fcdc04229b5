import { expect, it } from 'vitest';
import { type EnvironmentEffect, effectOf } from './environment-effects.ts';

it.each<[EnvironmentEffect, readonly string[]]>([
  ['code', ['LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'DYLD_INSERT_LIBRARIES', 'GCONV_PATH']],
  ['code', ['PATH', 'Path', 'BASH_ENV', 'ENV', 'SHELL', 'IFS', 'ZDOTDIR', 'BASH_FUNC_ls%%', 'PROMPT_COMMAND']],
  ['code', ['NODE_OPTIONS', 'node_options', 'NODE_PATH', 'ELECTRON_RUN_AS_NODE']],
  ['code', ['PYTHONPATH', 'PYTHONSTARTUP', 'PYTHONHOME', 'PERL5OPT', 'RUBYOPT', 'GEM_HOME', 'CLOUDSDK_PYTHON']],
  ['code', ['JAVA_TOOL_OPTIONS', '_JAVA_OPTIONS', 'DOTNET_STARTUP_HOOKS', 'OPENSSL_CONF', 'OPENSSL_MODULES']],
  ['code', ['GIT_SSH_COMMAND', 'EDITOR', 'PAGER', 'BROWSER', 'SSH_ASKPASS']],
  ['configuration', ['AWS_CONFIG_FILE', 'AWS_PROFILE', 'AWS_SHARED_CREDENTIALS_FILE', 'CLOUDSDK_CONFIG']],
  ['configuration', ['GOOGLE_APPLICATION_CREDENTIALS', 'AZURE_CONFIG_DIR', 'KUBECONFIG', 'KUBERC', 'HOME']],
  ['configuration', ['XDG_CONFIG_HOME', 'OCI_CLI_CONFIG_FILE', 'CURLRC', 'TMPDIR']],
  ['network', ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'NO_PROXY', 'GRPC_PROXY']],
  ['network', ['SSL_CERT_FILE', 'AWS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS', 'SSLKEYLOGFILE', 'AWS_ENDPOINT_URL']],
  ['network', ['NODE_TLS_REJECT_UNAUTHORIZED', 'AZURE_AUTHORITY_HOST', 'VAULT_ADDR', 'AWS_ENDPOINT_URL_STS']],
  ['none', ['AWS_REGION', 'LANG', 'CLUSTER', 'PATHOLOGY', 'TERM', 'ENVIRONMENT', 'LOGLEVEL']],
])('marks as %s: %j', (effect, names) => {
  expect(names.map((name) => `${name} ${effectOf(name)}`)).toEqual(names.map((name) => `${name} ${effect}`));
});
