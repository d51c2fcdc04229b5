/** Certificates and keys of a kubeconfig. */
import { resolve } from 'node:path';
import { readBounded } from '../kubeconfig/read-files.ts';

/** PEM text out of inline base64, which wins over a file as in client-go. Empty where there is neither. */
export async function pem(data: string, file: string, folder: string): Promise<string> {
  if (data !== '') {
    const text = Buffer.from(data, 'base64').toString('utf8');
    if (!text.includes('-----BEGIN ')) {
      throw new Error('certificate or key data is not base64 of PEM');
    }
    return text;
  }
  return file === '' ? '' : await readBounded(resolve(folder, file));
}
