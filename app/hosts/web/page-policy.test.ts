import { expect, it } from 'vitest';
import { answerWithPolicy, policyOf } from './page-policy.ts';

const html = { body: Buffer.from('<meta property="csp-nonce" nonce="STYLE-NONCE">'), type: 'text/html; charset=utf-8' };

it('gives each answer of the page a nonce of its own, which the policy names', () => {
  const [first, second] = [answerWithPolicy(html, "'self'"), answerWithPolicy(html, "'self'")];
  const [, nonce = ''] = /nonce="([^"]+)"/.exec(first.body.toString()) ?? [];
  expect(nonce.length).toBeGreaterThan(20);
  expect(first.policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
  expect(second.body.equals(first.body)).toBe(false);
});

it('allows nothing that is made of text', () => {
  for (const policy of [answerWithPolicy(html, "'none'").policy, policyOf()]) {
    expect(policy).not.toContain('unsafe');
    expect(policy).toContain("default-src 'none'");
  }
});

it('leaves other files as they are', () => {
  const script = { body: Buffer.from('"STYLE-NONCE"'), type: 'text/javascript' };
  expect(answerWithPolicy(script, "'self'").body).toBe(script.body);
});
