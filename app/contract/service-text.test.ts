import { describe, expect, it } from 'vitest';
import { portsText, portText, readinessOf } from './service-text.ts';

const port = (name: string, number: number, protocol = 'TCP') => ({
  name,
  port: number,
  protocol,
  targetPort: '',
  nodePort: null,
  application: '',
});
const endpoints = (...ready: boolean[]) => ready.map((one) => ({ address: '10.0.0.1', ready: one, pod: '', node: '' }));

describe('a Service in words', () => {
  it.each([
    [port('http', 80), 'http 80'],
    [port('', 6379), '6379'],
    [port('dns', 53, 'UDP'), 'dns 53/UDP'],
    [port('', 9, 'SCTP'), '9/SCTP'],
    [port('x', 1, ''), 'x 1'],
  ])('has its port', (one, text) => {
    expect(portText(one)).toBe(text);
  });

  it('has all its ports', () => {
    expect(portsText([port('http', 80), port('grpc', 9090)])).toBe('http 80 · grpc 9090');
    expect(portsText([])).toBe('');
  });

  it.each([
    ['ClusterIP', endpoints(true, true), 'all'],
    ['ClusterIP', endpoints(true, false), 'some'],
    ['ClusterIP', endpoints(false), 'none'],
    ['ClusterIP', [], 'none'],
    ['ExternalName', [], 'outside'],
  ] as const)('of type %s is ready as its endpoints are', (type, all, readiness) => {
    expect(readinessOf({ type, endpoints: all as never }).readiness).toBe(readiness);
  });
});
