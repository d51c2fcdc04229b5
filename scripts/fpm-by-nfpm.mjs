#!/usr/bin/env node
// Understands the arguments that electron-builder gives fpm, and has nfpm build the package: fpm is in no registry that
// the machines of this project's tests reach. Unknown arguments end it, so that nothing is left out in silence.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const packageOf = { depends: [], recommends: [], contents: [], scripts: {} };
const architectures = { x86_64: 'amd64', aarch64: 'arm64' };
const given = process.argv.slice(2).flatMap((word) => {
  const parts = /^(--[a-z-]+)=(.*)$/.exec(word);
  return parts === null ? [word] : [parts[1], parts[2]];
});
let target = '';
let output = '';
const flags = {
  '-s': () => {},
  '--log': () => {},
  '-t': (value) => {
    target = value;
  },
  '--package': (value) => {
    output = value;
  },
  '-d': (value) => packageOf.depends.push(value),
  '--deb-recommends': (value) => packageOf.recommends.push(value),
  '--deb-compression': (value) => {
    packageOf.deb = { compression: value === 'gz' ? 'gzip' : value };
  },
  '--rpm-compression': (value) => {
    packageOf.rpm = { ...packageOf.rpm, compression: value.replace('xzmt', 'xz') };
  },
  '--rpm-os': () => {},
  '--rpm-summary': (value) => {
    packageOf.rpm = { ...packageOf.rpm, summary: value };
  },
  '--architecture': (value) => {
    packageOf.arch = architectures[value] ?? value;
  },
  '--after-install': (value) => {
    packageOf.scripts.postinstall = value;
  },
  '--before-remove': (value) => {
    packageOf.scripts.preremove = value;
  },
  '--after-remove': (value) => {
    packageOf.scripts.postremove = value;
  },
  '--description': (value) => {
    packageOf.description = value.trim();
  },
  '--iteration': (value) => {
    packageOf.release = value;
  },
  '--category': (value) => {
    packageOf.section = value;
  },
  '--deb-priority': (value) => {
    packageOf.priority = value;
  },
  '--url': (value) => {
    packageOf.homepage = value;
  },
};
for (const name of ['version', 'name', 'maintainer', 'vendor', 'license']) {
  flags[`--${name}`] = (value) => {
    packageOf[name] = value;
  };
}

for (let index = 0; index < given.length; index += 1) {
  const word = given[index];
  if (word === '--force' || word === '--debug') {
    continue;
  }
  const content = /^([^-].*?)=(\/.*)$/.exec(word);
  if (content !== null) {
    const [, src, dst] = content;
    packageOf.contents.push(src.endsWith('/') ? { src, dst, type: 'tree' } : { src, dst });
  } else if (flags[word] !== undefined && index + 1 < given.length) {
    index += 1;
    flags[word](given[index]);
  } else {
    process.stderr.write(`fpm-by-nfpm: ${word} is not understood\n`);
    process.exit(2);
  }
}
const work = mkdtempSync(join(tmpdir(), 'slipway-nfpm-'));
for (const [name, file] of Object.entries(packageOf.scripts)) {
  const copy = join(work, name);
  copyFileSync(file, copy);
  chmodSync(copy, 0o755);
  packageOf.scripts[name] = copy;
}
const file = join(work, 'nfpm.yaml'); // JSON is YAML
writeFileSync(file, JSON.stringify({ platform: 'linux', ...packageOf }));
rmSync(output, { force: true });
const built = spawnSync(process.env.NFPM ?? 'nfpm', ['pkg', '-f', file, '-p', target, '-t', output], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
rmSync(work, { recursive: true, force: true });
process.exit(built.status ?? 1);
