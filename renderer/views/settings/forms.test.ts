import { describe, expect, it } from 'vitest';
import { defaultSettings } from '../../../app/contract/index.ts';
import { baseImageOf, imageComplaint, kubeconfigFiles, namespaceComplaint, readRange } from './forms.ts';

const none = { extraRanges: [], excludedRanges: [] };

describe('a range that is typed', () => {
  it.each([
    ['10.20.0.0/16', '10.20.0.0/16'],
    [' 10.20.1.5/16 ', '10.20.0.0/16'],
    ['10.20.1.5', '10.20.1.5/32'],
    ['fd00:20:0::/48', 'fd00:20::/48'],
  ])('%s is %s', (typed, range) => {
    expect(readRange(typed, 'extraRanges', none)).toEqual({ ok: true, range });
  });

  it.each([
    ['10.20', 'settings.range.malformed'],
    ['10.20.0.0/33', 'settings.range.malformed'],
    ['010.20.0.0/16.', 'settings.range.malformed'],
    ['cluster', 'settings.range.malformed'],
    ['0.0.0.0/0', 'settings.range.everything'],
    ['::/0', 'settings.range.everything'],
  ])('%s is refused', (typed, because) => {
    expect(readRange(typed, 'extraRanges', none)).toEqual({ ok: false, because });
  });

  it('is no complaint before anything is typed', () => {
    expect(readRange('  ', 'extraRanges', none)).toEqual({ ok: false, because: null });
  });

  it('may be IPv6 where it is excluded', () => {
    expect(readRange('fd00::1/8', 'excludedRanges', none)).toEqual({ ok: true, range: 'fd00::/8' });
  });

  it('is not taken twice, nor against the other list', () => {
    const settings = { extraRanges: ['10.20.0.0/16'], excludedRanges: ['10.30.0.0/16'] };
    expect(readRange('10.20.9.9/16', 'extraRanges', settings)).toMatchObject({ because: 'settings.range.twice' });
    expect(readRange('10.30.0.0/16', 'extraRanges', settings)).toMatchObject({ because: 'settings.range.contradicts' });
  });
});

describe('names', () => {
  it('of namespaces are labels', () => {
    expect(namespaceComplaint('')).toBeNull();
    expect(namespaceComplaint('web-shop')).toBeNull();
    expect(namespaceComplaint('-web')).not.toBeNull();
    expect(namespaceComplaint('Web')).not.toBeNull();
    expect(namespaceComplaint('a'.repeat(64))).not.toBeNull();
  });

  it('of images are what a runtime takes', () => {
    expect(imageComplaint('docker.io/library/busybox:1.37')).toBeNull();
    expect(imageComplaint('registry.example.org:5000/a@sha256:00')).toBeNull();
    expect(imageComplaint('two words')).not.toBeNull();
    expect(imageComplaint('-rm')).not.toBeNull();
  });

  it('of an emptied base image are the default', () => {
    expect(baseImageOf(' ')).toBe(defaultSettings.baseImage);
  });
});

describe('kubeconfig files', () => {
  it('are those that were found and those that were added, with their contexts', () => {
    const contexts = [{ file: '/home/.kube/config' }, { file: '/home/.kube/config' }, { file: '/added' }];
    expect(kubeconfigFiles({ kubeconfigFiles: ['/added', '/empty'] }, contexts)).toEqual([
      { file: '/home/.kube/config', isAdded: false, contexts: 2 },
      { file: '/added', isAdded: true, contexts: 1 },
      { file: '/empty', isAdded: true, contexts: 0 },
    ]);
  });
});
