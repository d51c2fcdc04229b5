/** Two clusters that are alike in everything: two contexts of one. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Product } from './product.ts';
import type { Scene } from './scene.ts';

/** Slipway with a kubeconfig whose contexts `sandbox` and `second` are one cluster, of the same user. The caller ends it. */
export function productOfTwo(scene: Scene): Product {
  const both = readFileSync(scene.sandbox.kubeconfig, 'utf8').replace(
    /contexts:\n([\s\S]*?)\nclusters:/,
    (_, one: string) => `contexts:\n${one}\n${one.replace('name: sandbox', 'name: second')}\nclusters:`,
  );
  const file = join(scene.product.folder, 'two-contexts');
  writeFileSync(file, both, { mode: 0o600 });
  return new Product(scene.laptop, scene.product.folder, file);
}
