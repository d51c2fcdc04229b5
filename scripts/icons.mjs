// `npm run icons`: draws the app's icon and the tray's from one mark and renders every format that is needed, with the
// browser that the window's tests use. What it writes is committed, so that nobody needs it to build the app.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { browserPackages, ensureDebianPackages } from './debian.mjs';
import { root } from './tools.mjs';

const folder = join(root, 'resources/icons');

/** The mark of renderer/shell/Brand.tsx: a slipway going down into the water. On a grid of 24. */
const way = 'M2.5 6.5h4c2 0 3 1 4.4 2.6l4.2 4.8c1.2 1.4 2.4 2 4.2 2h2.2';
const rail = 'M14 6.5h2.6c1.6 0 2.7.7 4.9 2.6';
const water = 'M2.5 20.2c1.6 0 2.1-1 3.7-1s2.1 1 3.7 1 2.1-1 3.7-1 2.1 1 3.7 1 2.1-1 3.7-1';

const strokes = (colour, width) =>
  `<g fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"><path d="${way}"/><path d="${rail}"/><path d="${water}"/></g>`;

/** The app: the mark on a rounded plate, with the margin that macOS expects. */
const app = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256"><defs><linearGradient id="plate" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#13414a"/><stop offset="1" stop-color="#0a2329"/></linearGradient></defs><rect x="16" y="16" width="224" height="224" rx="52" fill="url(#plate)"/><g transform="translate(40 32) scale(7.333)">${strokes('#5fd3da', 1.9)}</g></svg>`;

/** A state's own shape at the corner, so that no state is told by colour alone. */
const marks = {
  off: '',
  busy: (colour) =>
    `<circle cx="18.6" cy="19.2" r="2.7" fill="none" stroke="${colour}" stroke-width="1.8" stroke-dasharray="2.6 1.6"/>`,
  on: (colour) => `<circle cx="18.6" cy="19.2" r="3.4" fill="${colour}"/>`,
  trouble: (colour) =>
    `<path d="M18.6 14.6l4.4 7.8h-8.8z" fill="${colour}" stroke="${colour}" stroke-width="1" stroke-linejoin="round"/>`,
};
const colours = { off: '#9fb0b8', busy: '#e7b53f', on: '#37c484', trouble: '#ff7a6e' };

function tray(state, isTemplate) {
  // The mark is cut away around the state's shape, else the two run into each other at 16 pixels.
  const mark = marks[state];
  const hole =
    mark === ''
      ? ''
      : '<mask id="hole"><rect width="24" height="24" fill="#fff"/><circle cx="18.6" cy="19.2" r="5.4" fill="#000"/></mask>';
  const base = isTemplate ? '#000000' : state === 'off' ? '#c3d0d6' : '#eef4f6';
  const shape = mark === '' ? '' : mark(isTemplate ? '#000000' : colours[state]);
  const outline = isTemplate ? '' : strokes('#0b1b20', 3.4);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${hole}<g${mark === '' ? '' : ' mask="url(#hole)"'}>${outline}${strokes(base, 1.9)}</g>${shape}</svg>`;
}

/** An ICO of PNG images (Windows Vista and later). */
function ico(images) {
  const header = Buffer.alloc(6 + 16 * images.length);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(images.length, 4);
  let offset = header.length;
  images.forEach(({ size, png }, index) => {
    const at = 6 + 16 * index;
    header.writeUInt8(size % 256, at);
    header.writeUInt8(size % 256, at + 1);
    header.writeUInt16LE(1, at + 4);
    header.writeUInt16LE(32, at + 6);
    header.writeUInt32LE(png.length, at + 8);
    header.writeUInt32LE(offset, at + 12);
    offset += png.length;
  });
  return Buffer.concat([header, ...images.map(({ png }) => png)]);
}

/** An ICNS of PNG images, by Apple's types for each size. */
function icns(images) {
  const types = { 16: 'icp4', 32: 'icp5', 64: 'icp6', 128: 'ic07', 256: 'ic08', 512: 'ic09', 1024: 'ic10' };
  const parts = images.flatMap(({ size, png }) => {
    const head = Buffer.alloc(8);
    head.write(types[size], 0, 'latin1');
    head.writeUInt32BE(png.length + 8, 4);
    return [head, png];
  });
  const head = Buffer.alloc(8);
  head.write('icns', 0, 'latin1');
  head.writeUInt32BE(8 + parts.reduce((sum, part) => sum + part.length, 0), 4);
  return Buffer.concat([head, ...parts]);
}

const why = ensureDebianPackages((text) => process.stderr.write(`${text}\n`), browserPackages);
if (why !== '') {
  throw new Error(why);
}
const { chromium } = await import('playwright-core');
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const page = await browser.newPage();
async function png(svg, size) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>html,body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
  return page.screenshot({ omitBackground: true });
}

mkdirSync(join(folder, 'art'), { recursive: true });
writeFileSync(join(folder, 'art', 'slipway.svg'), `${app}\n`);
const sizes = [16, 32, 48, 64, 128, 256, 512, 1024];
const images = [];
for (const size of sizes) {
  images.push({ size, png: await png(app, size) });
  if (size <= 512) {
    writeFileSync(join(folder, `slipway-${size}.png`), images.at(-1).png);
  }
}
writeFileSync(join(folder, 'slipway.ico'), ico(images.filter(({ size }) => size <= 256 && size !== 128)));
writeFileSync(join(folder, 'slipway.icns'), icns(images.filter(({ size }) => size !== 48)));
for (const state of Object.keys(marks)) {
  for (const isTemplate of [false, true]) {
    const name = isTemplate ? `tray-${state}Template` : `tray-${state}`;
    const svg = tray(state, isTemplate);
    writeFileSync(join(folder, 'art', `${name}.svg`), `${svg}\n`);
    const size = isTemplate ? 16 : 24;
    writeFileSync(join(folder, `${name}.png`), await png(svg, size));
    writeFileSync(join(folder, `${name}@2x.png`), await png(svg, 2 * size));
  }
}
await browser.close();
