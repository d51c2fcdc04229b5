import { describe, expect, it } from 'vitest';
import { readableLines } from './readable-samples.ts';
import { createRedactor } from './redact.ts';
import { secretLines } from './secret-samples.ts';

const known = {
  home: '/home/jane.doe',
  users: ['jane.doe', 'janes-laptop', 'jane@corp'],
  clusters: [
    'arn:aws:eks:eu-central-1:123456789012:cluster/payments',
    'payments',
    'https://kube.corp.example.com:6443',
    'kube.corp.example.com',
    'prod|x',
  ],
};
const redact = (text: string) => createRedactor(known).redact(text);

describe('redaction takes away', () => {
  const token = 'Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmFyYmF6MTIz';
  it.each([
    ['a bearer token', `Authorization: Bearer abc123.def-456`, 'abc123'],
    ['a JSON Web Token', 'sent eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJl to it', 'eyJ'],
    ['a token of EKS', 'k8s-aws-v1.aHR0cHM6Ly9zdHM', 'aHR0'],
    ['a token in YAML', 'token: s3cr3t-value', 's3cr3t'],
    ['a token in JSON', '{"token":"s3cr3t-value"}', 's3cr3t'],
    ['a token in JSON in JSON', '{"line":"{\\"token\\":\\"s3cr3t-value\\"}"}', 's3cr3t'],
    ['a token in a query', 'GET /x?access_token=s3cr3t&a=b', 's3cr3t'],
    ['a token in an option', 'login --id-token s3cr3t --json', 's3cr3t'],
    ['a password in an environment', 'DB_PASSWORD=hunter22', 'hunter22'],
    ['a password in an address', 'proxy http://jane:hunter22@proxy.corp.example.com:3128', 'hunter22'],
    ['a key', `-----BEGIN RSA PRIVATE KEY-----\n${token}\n-----END RSA PRIVATE KEY-----`, 'Zm9v'],
    ['a certificate in JSON', `"-----BEGIN CERTIFICATE-----\\n${token}\\n-----END CERTIFICATE-----\\n"`, 'Zm9v'],
    ['a key that was cut off', `-----BEGIN PRIVATE KEY-----\n${token.slice(0, 20)}`, 'Zm9v'],
    ['a kubeconfig’s data', `client-key-data: ${token}`, 'Zm9v'],
    ['bytes without a name', `blob ${token} end`, 'Zm9v'],
    ['the home folder', 'open /home/jane.doe/.kube/config', 'jane'],
    ['the home folder in a URL', 'file:///home/jane.doe/x', 'jane'],
    ['the user', 'User "jane.doe" cannot list', 'jane'],
    ['the computer', 'on JANES-LAPTOP:', 'JANES'],
    ['a long context', 'context arn:aws:eks:eu-central-1:123456789012:cluster/payments is on', '123456789012'],
    ['a short context', 'connected to payments for 3 s', 'payments'],
    ['a context with odd characters', 'context prod|x.', 'prod'],
    ['a server', 'dial https://kube.corp.example.com:6443/version', 'corp'],
    ['a host that nobody named', 'GET https://sts.eu.corp-internal.net/token', 'corp-internal'],
    ['a subdomain of the server', 'GET https://oidc.kube.corp.example.com/x', 'corp'],
    ['a host that was looked up', 'lookup sso.corp-internal.net on 127.0.0.53:53: no such host', 'corp-internal'],
    ['a password with an at sign', 'proxy http://jane:hunt@er22@proxy.corp-internal.net:3128', 'er22'],
    ['the host behind such a password', 'proxy http://jane:hunt@er22@proxy.corp-internal.net:3128', 'corp-internal'],
    ['the role of an account', 'assume arn:aws:iam::123456789012:role/payments-admin now', '123456789012'],
    ['an access key’s id', 'AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE', 'AKIA'],
    ['a bootstrap token', 'join --token 07401b.f395accd246ae52d', 'f395'],
    ['a token of GitLab', 'glpat-abcdefghij0123456789', 'abcdefghij'],
    ['an address of e-mail', 'as mary@corp-internal.net', 'mary'],
    ['another user’s home', 'open /Users/mary.poppins/x', 'poppins'],
    ['another user’s home on Windows', 'open C:\\\\Users\\\\mary\\\\x', 'mary'],
    ['a node that is named by its address', 'node ip-10-3-7-22.eu-central-1.compute.internal', '10-3-7-22'],
    ['an address in reverse', 'PTR 22.7.3.10.in-addr.arpa', '22.7.3.10'],
    [
      'an IPv6 address in reverse',
      'PTR 7.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa',
      '8.b.d',
    ],
    ['an address with its zone', 'at fe80::1c2d:3e4f%wlan0', '1c2d'],
    ['a Basic authorization', 'Authorization: Basic amFuZTpodW50ZXIyMg==', 'amFu'],
    ['an address', 'dial tcp 203.0.113.40:6443: refused', '203.0.113'],
    ['a range', 'route 10.96.0.0/16 via 10.0.0.1', '10.96'],
    ['an IPv6 address', 'dial tcp [2001:db8::17]:6443', '2001'],
    ['a long IPv6 address', 'at 2001:0db8:0000:0000:0000:0000:0000:0017 now', '0db8'],
  ])('%s', (_, text, secret) => {
    expect(text.toLowerCase()).toContain(secret.toLowerCase());
    expect(redact(text).toLowerCase()).not.toContain(secret.toLowerCase());
  });
});

describe('redaction leaves', () => {
  it.each([
    'took 12:30:45 and 3 s, build 1a2b3c4, v1.34.4, 22.23.3',
    'pod webshop/slipway-agent-1a2b3c4d5e in webshop',
    'listens on 127.0.0.1 and ::1',
    'lookup orders.webshop.svc.cluster.local: no such host',
    'agent slipway-agent-1a2b3c.webshop, core.mjs, v1.37.4-rc.1',
    '{"trusted":true,"secrets":[],"token":null}',
    'tokens expire; a password is asked for',
    'forbidden: jobs.batch in API group "batch" in the namespace "dev"',
  ])('%s', (text) => {
    expect(redact(text)).toBe(text);
  });
});

describe('a corpus of a hundred lines each', () => {
  const redactLine = (line: string) =>
    createRedactor({
      clusters: ['prod'],
      users: ['alice'],
      home: '/home/alice',
      namespaces: ['webshop', 'dev'],
    }).redact(line);

  it('is as large as it says', () => {
    expect(secretLines.length).toBeGreaterThanOrEqual(100);
    expect(new Set(readableLines).size).toBeGreaterThanOrEqual(100);
  });

  it.each(secretLines)('does not tell %j', (line, ...secrets) => {
    const told = redactLine(line);
    for (const secret of secrets) {
      expect(line).toContain(secret);
      expect(told).not.toContain(secret);
    }
  });

  it.each(readableLines.map((line) => [line]))('can still be read: %j', (line) => {
    expect(redactLine(line)).toBe(line);
  });
});

it('gives the same thing the same pseudonym in every file, and different things different ones', () => {
  const { redact: again, counts } = createRedactor(known);
  const first = again('203.0.113.40 and 203.0.113.41, payments');
  const second = again('203.0.113.41 and 203.0.113.40, payments and prod|x');
  expect(first).toBe('address-1 and address-2, cluster-2');
  expect(second).toBe('address-2 and address-1, cluster-2 and cluster-5');
  expect(counts).toEqual({ token: 0, address: 4, cluster: 3, home: 0, user: 0 });
});

it('is quick on long lines, whatever they hold', () => {
  const text = `${'a.b-'.repeat(20_000)} ${'x'.repeat(50_000)}@ ${'--'.repeat(20_000)} ${'project '.repeat(20_000)} ${'a:'.repeat(50_000)}${'token'.repeat(20_000)}${'1.'.repeat(50_000)}${'-----BEGIN '.repeat(5000)}`;
  expect(redact(text).length).toBeGreaterThan(0);
}, 10_000);
