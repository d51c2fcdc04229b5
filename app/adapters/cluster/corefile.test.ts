import { expect, test } from 'vitest';
import { domainsOfCorefile } from './corefile.ts';

const usual = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
}
`;

test.each<[string, string, string[]]>([
  ['as kubeadm writes it', usual, ['cluster.local']],
  [
    'a stub domain',
    `${usual}corp.example:53 {\n  errors\n  forward . 10.9.9.9\n}\n`,
    ['cluster.local', 'corp.example'],
  ],
  [
    'one that comes first, without a port',
    `consul {\n forward . 10.9.9.9:8600\n}\n${usual}`,
    ['consul', 'cluster.local'],
  ],
  ['several zones of a block', 'a.example b.example:53 {\nforward . 10.0.0.1\n}', ['a.example', 'b.example']],
  [
    'zones behind commas and lines',
    'a.example,\nb.example, c.example {\nforward . 10.0.0.1\n}',
    ['a.example', 'b.example', 'c.example'],
  ],
  ['capitals and a dot at the end', 'Corp.Example.:53 {\nforward . 10.0.0.1\n}', ['corp.example']],
  ['a scheme', 'dns://corp.example:53 {\nforward . 10.0.0.1\n}', ['corp.example']],
  ['DNS over TLS, HTTPS and gRPC', 'tls://a.example https://b.example grpc://c.example {\nforward . 10.0.0.1\n}', []],
  ['another port than the Service leads to', `${usual}a.example:1053 {\nforward . 10.0.0.1\n}`, ['cluster.local']],
  [
    'the port of everything else (OpenShift)',
    'a.example:5353 {\nforward . 10.0.0.1\n}\n.:5353 {\nforward . /etc/resolv.conf\n}',
    ['a.example'],
  ],
  ['reverse zones', '10.in-addr.arpa 0.0.d.f.ip6.arpa {\nforward . 10.0.0.1\n}', []],
  ['a range of addresses', '10.0.0.0/8 {\nforward . 10.0.0.1\n}', []],
  [
    'comments',
    '# corp.example {\n#  forward . 10.0.0.1\n# }\na.example { # b.example {\n forward . 10.0.0.1 # }\n}',
    ['a.example'],
  ],
  ['a hash within a word', 'a.example {\n hosts /etc/h#1\n}', ['a.example']],
  ['quotes', '"a.example" {\n forward "." "10.0.0.1" {\n  tls_servername "b } {"\n }\n}', ['a.example']],
  ['line breaks of Windows', 'a.example {\r\n  forward . 10.0.0.1\r\n}\r\n', ['a.example']],
  ['no braces', 'a.example\nforward . 10.0.0.1\n', ['a.example']],
  ['a block that answers nothing', 'a.example {\n errors\n log\n}', []],
  ['a block that only refuses', 'a.example {\n template ANY ANY {\n  rcode NXDOMAIN\n }\n}', []],
  [
    'a block that makes its answers',
    'a.example {\n template IN A {\n  answer "{{ .Name }} 60 IN A 10.0.0.1"\n }\n}',
    ['a.example'],
  ],
  [
    'hosts, a zone file, a secondary',
    'a.example {\nhosts {\n10.0.0.1 x.a.example\n}\n}\nb.example {\nfile db.b\n}\nc.example {\nsecondary {\ntransfer from 10.0.0.1\n}\n}',
    ['a.example', 'b.example', 'c.example'],
  ],
  [
    'forward of one domain in the block of everything',
    '. {\n forward corp.example 10.0.0.1\n forward . /etc/resolv.conf\n}',
    ['corp.example'],
  ],
  [
    'files for domains in the block of everything',
    '. {\n file db.corp corp.example other.example\n hosts /etc/h third.example {\n fallthrough\n }\n}',
    ['corp.example', 'other.example', 'third.example'],
  ],
  [
    'names of single hosts in the block of everything',
    '. {\n hosts {\n  10.0.0.1 host.minikube.internal\n  fallthrough\n }\n}',
    [],
  ],
  ['a part of the zone of its block', 'example.org {\n forward corp.example.org 10.0.0.1\n}', ['corp.example.org']],
  ['what lies outside of its block is never asked of it', 'example.org {\n forward example.com 10.0.0.1\n}', []],
  ['clusters together', '. {\n multicluster clusterset.local\n}', ['clusterset.local']],
  ['a snippet', '(up) {\n forward . 10.0.0.1\n}\na.example {\n import up\n}', ['a.example']],
  [
    'a snippet that is defined later, in a snippet',
    'a.example {\n import one\n}\n(one) {\n import two\n}\n(two) {\n forward . 10.0.0.1\n}',
    ['a.example'],
  ],
  [
    'snippets that import each other',
    '(one) {\n import two\n import two\n}\n(two) {\n import one\n import one\n}\na.example {\n import one\n}',
    [],
  ],
  [
    'files that are imported',
    'import /etc/coredns/custom/*.server\n. {\n import /etc/coredns/custom/*.override\n}\na.example {\n forward . 10.0.0.1\n}',
    ['a.example'],
  ],
  ['zones of the environment', '{$ZONE} {%OTHER%} a.example {\n forward . {$UP}\n}', ['a.example']],
  [
    'placeholders of node-local-dns',
    '__PILLAR__DNS__DOMAIN__:53 {\n forward . __PILLAR__CLUSTER__DNS__\n}\na.example:53 {\n bind 169.254.20.10\n forward . 10.0.0.1\n}',
    ['__pillar__dns__domain__', 'a.example'],
  ],
  ['braces that nobody closes', 'a.example {\n forward . 10.0.0.1 {\n', ['a.example']],
  ['braces that nobody opened', '}\n}\na.example {\n forward . 10.0.0.1\n}', []],
  ['nothing', '', []],
  ['a quote without an end', 'a.example {\n forward . "10', ['a.example']],
  ['the same zone twice', 'a.example {\n forward . 10.0.0.1\n}\na.example:53 {\n file db\n}', ['a.example']],
])('reads the domains of a Corefile: %s', (_, text, domains) => {
  expect(domainsOfCorefile(text)).toEqual(domains);
});

test('a text without an end is read as far as it is bounded', () => {
  expect(domainsOfCorefile(`${'a '.repeat(300_000)}`)).toEqual([]);
  expect(domainsOfCorefile('{'.repeat(300_000))).toEqual([]);
  expect(domainsOfCorefile(`a.example {\n${'x {\n'.repeat(60_000)}`)).toEqual([]);
  const many = `(s0) {\n forward . 10.0.0.1\n}\n${Array.from({ length: 7 }, (_, index) => `(s${index + 1}) {\n${` import s${index}\n`.repeat(30)}}\n`).join('')}`;
  expect(domainsOfCorefile(`${many}a.example {\n import s7\n}`)).toEqual(['a.example']);
});
